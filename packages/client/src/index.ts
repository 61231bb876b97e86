export type { Artifact, Job, JobList, JobLogs, Processor } from "./answers.js";
export { type Client, type ClientOptions, createClient } from "./client.js";
export type { Download, DownloadOptions } from "./download.js";
export { ProblemError, UnexpectedAnswerError, UnreachableError } from "./errors.js";
export type { SubmitOptions } from "./submit.js";
export type { WaitOptions } from "./wait.js";
