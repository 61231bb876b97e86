export { DropZone, type DropZoneProps } from "./drop-zone.js";
export { DroverProvider, type DroverProviderProps, useClient } from "./drover-provider.js";
export { type FollowedJob, useJob } from "./use-job.js";
