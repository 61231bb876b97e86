export { type Client, type ClientOptions, createClient } from "./client.js";
export type { Download, DownloadOptions } from "./download.js";
export { ProblemError, UnreachableError } from "./errors.js";
export type { SubmitOptions } from "./submit.js";
export type { WaitOptions } from "./wait.js";
