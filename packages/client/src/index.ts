export { type Client, type ClientOptions, createClient } from "./client.js";
export { ProblemError, UnexpectedAnswerError, UnreachableError } from "./client-errors.js";
export type { Download, DownloadOptions } from "./download.js";
export type { JobEvent, JobStreamEvent, JobsStreamEvent, StreamOptions } from "./job-stream.js";
export type { Artifact, Dispatch, Job, JobList, JobLogs, Processor, Stats } from "./request.js";
export type { SubmitOptions } from "./submit-job.js";
export type { UploadInit, UploadProgress } from "./upload-progress.js";
export type { WaitOptions } from "./wait-for-job.js";
export type { Delivery, Webhook, WebhookCalls, WebhookWithSecret } from "./webhook-calls.js";
