import { useSyncExternalStore } from "react";
import { JobHistory, type OwnJob } from "./own-job-list.js";

/** The jobs that were submitted with this browser. */
export const ownJobs = new JobHistory(window.localStorage);
window.addEventListener("storage", () => ownJobs.forget());

const subscribe = (listener: () => void) => ownJobs.subscribe(listener);

/** The same, newest first, for a page that follows them. */
export function useOwnJobs(): readonly OwnJob[] {
  return useSyncExternalStore(subscribe, () => ownJobs.jobs);
}
