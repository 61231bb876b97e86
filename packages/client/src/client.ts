import type { EventFilter, JobFilter, StatsWindow } from "@drover/contract";
import {
  type Download,
  type DownloadOptions,
  download,
  downloadArchive,
  downloadUrl,
  type RangeOptions,
} from "./download.js";
import {
  type JobStreamEvent,
  type JobsStreamEvent,
  type StreamOptions,
  streamJob,
  streamJobs,
} from "./job-stream.js";
import { type JobToken, type KeyCalls, keyCalls } from "./key-calls.js";
import { type OperationCalls, operationCalls } from "./operation-calls.js";
import {
  type Artifact,
  type Caller,
  callJson,
  type Dispatch,
  type Job,
  type JobList,
  type JobLogs,
  type JsonOf,
  type Processor,
  type Server,
  type Stats,
  send,
} from "./request.js";
import { type RunOptions, runJob } from "./run-job.js";
import { type SubmitOptions, submit } from "./submit-job.js";
import { browserUpload } from "./upload-progress.js";
import { type WaitOptions, waitForJob } from "./wait-for-job.js";
import { type WebhookCalls, webhookCalls } from "./webhook-calls.js";

export interface ClientOptions {
  /** As `http://127.0.0.1:8000`. */
  readonly baseUrl: string;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sent as `Authorization: Bearer`; an empty one is none. */
  readonly apiKey?: string;
}

/** Aborts the request. */
interface Abortable {
  readonly signal?: AbortSignal;
}

/**
 * A Drover server. Every method throws `ProblemError` when the server refuses, `UnreachableError` when it
 * does not answer, `UnexpectedAnswerError` when something else answers, and the signal's reason when that
 * aborts.
 */
export interface Client {
  /**
   * Uploads a file, streamed, and returns its job. In Node `openAsBlob(path)` of `node:fs` makes a Blob of a
   * file.
   */
  submit(processor: string, file: Blob, options?: SubmitOptions): Promise<Job>;
  /**
   * Uploads a file and follows its job; returns it once it is terminal. `onUpdate` is told how the upload goes, then
   * the job as it changes. A submit that meets trouble is repeated by itself, and makes one job.
   */
  run(processor: string, file: Blob, options?: RunOptions): Promise<Job>;
  get(jobId: string, options?: Abortable & { readonly include?: "timeline" }): Promise<Job>;
  /**
   * Returns the job once it is terminal. Follows its stream, and polls where none can be had; bears with a
   * server that is away for a while.
   */
  wait(jobId: string, options?: WaitOptions): Promise<Job>;
  /** Tells what happens to the job until it has ended. Bears with a server that is away for a while. */
  stream(jobId: string, options?: StreamOptions): AsyncIterable<JobStreamEvent>;
  /** Tells what happens to all jobs that match, for as long as it is asked to. */
  streamAll(filter?: EventFilter, options?: StreamOptions): AsyncIterable<JobsStreamEvent>;
  /** A page of jobs, newest first. */
  list(filter?: JobFilter, options?: Abortable): Promise<JobList>;
  /** All jobs that match, newest first, page after page as they are asked for; `limit` is that of a page. */
  listAll(filter?: JobFilter, options?: Abortable): AsyncIterable<Job>;
  cancel(jobId: string, options?: Abortable): Promise<JsonOf<"cancelJob">>;
  /** Queues a failed or cancelled job again, with other params if given. */
  retry(jobId: string, options?: Abortable & { readonly params?: Record<string, unknown> }): Promise<Job>;
  /** Erases the job and everything that belongs to it; cancels it first if need be. */
  remove(jobId: string, options?: Abortable): Promise<void>;
  /** The small JSON summary of a completed job. */
  result(jobId: string, options?: Abortable): Promise<unknown>;
  /** The output files of a completed job; none while it is not. */
  artifacts(jobId: string, options?: Abortable): Promise<readonly Artifact[]>;
  /** One artifact, or what stands for the whole job. */
  download(jobId: string, options?: DownloadOptions): Promise<Download>;
  /**
   * Address of one artifact, or of what stands for the whole job, that a browser can open by itself. Where the client
   * has a key, it carries a token of the job, good for 5 minutes; the key never stands in it.
   */
  downloadUrl(jobId: string, options?: Abortable & { readonly artifact?: string }): Promise<string>;
  /** All artifacts of a completed job as one ZIP. */
  downloadArchive(jobId: string, options?: RangeOptions): Promise<Download>;
  logs(jobId: string, options?: Abortable): Promise<JobLogs>;
  /** The job as the server keeps it, with the keys of its files and its trace; for an admin's key. */
  record(jobId: string, options?: Abortable): Promise<JsonOf<"getJobRecord">>;
  processors(options?: Abortable): Promise<readonly Processor[]>;
  /** Lets no worker take a job of the processor; running attempts go on. */
  pause(processor: string, options?: Abortable): Promise<Dispatch>;
  resume(processor: string, options?: Abortable): Promise<Dispatch>;
  /** Bounds how many attempts run at a time over all workers; `null` for as many as they have slots. */
  setConcurrency(processor: string, concurrency: number | null, options?: Abortable): Promise<Dispatch>;
  /** How the jobs of the last hour, day (the default) or week ended, and how long they took. */
  stats(options?: Abortable & { readonly window?: StatsWindow }): Promise<Stats>;
  /**
   * A token that opens this job for some minutes (300 s by default, 3,600 s at most): appended as `?token=` to the
   * address of the job, its events or its files, for an `EventSource` or a link, which send no key.
   */
  jobToken(jobId: string, options?: Abortable & { readonly expiresInS?: number }): Promise<JobToken>;
  /** Who is told how jobs end. */
  readonly webhooks: WebhookCalls;
  /** Who this client is for the server, and what it may do. */
  caller(options?: Abortable): Promise<Caller>;
  /** Who may ask for what; for an admin's key. */
  readonly keys: KeyCalls;
  /** What operators look at and do; for an admin's key. */
  readonly operations: OperationCalls;
}

/**
 * A client of the server at `baseUrl`. Keeps no state and opens no connection before the first call.
 * @throws `TypeError` for a base URL that is none.
 */
export function createClient(options: ClientOptions): Client {
  const server: Server = {
    baseUrl: baseUrlOf(options.baseUrl),
    fetch: options.fetch ?? ((...args) => globalThis.fetch(...args)),
    apiKey: options.apiKey === "" ? undefined : options.apiKey,
    upload: options.fetch === undefined ? browserUpload() : undefined,
  };
  const job = (jobId: string, { signal }: Abortable = {}) => ({ params: { job_id: jobId }, signal });
  return {
    submit: (processor, file, submitOptions = {}) => submit(server, processor, file, submitOptions),
    run: (processor, file, runOptions = {}) => runJob(server, { processor, file }, runOptions),
    get: (jobId, getOptions = {}) =>
      callJson(server, "getJob", { ...job(jobId, getOptions), query: { include: getOptions.include } }),
    wait: (jobId, waitOptions = {}) => waitForJob(server, jobId, waitOptions),
    stream: (jobId, streamOptions) => streamJob(server, jobId, streamOptions),
    streamAll: (filter = {}, streamOptions = {}) => streamJobs(server, filter, streamOptions),
    list: (filter = {}, { signal } = {}) => callJson(server, "listJobs", { query: filter, signal }),
    listAll: (filter = {}, { signal } = {}) => listAll(server, filter, signal),
    cancel: (jobId, abortable) => callJson(server, "cancelJob", job(jobId, abortable)),
    retry: (jobId, retryOptions = {}) =>
      callJson(server, "retryJob", {
        ...job(jobId, retryOptions),
        ...(retryOptions.params === undefined ? {} : { body: { params: retryOptions.params } }),
      }),
    remove: async (jobId, abortable) => void (await send(server, "deleteJob", job(jobId, abortable))),
    result: (jobId, abortable) => callJson(server, "getResult", job(jobId, abortable)),
    artifacts: async (jobId, abortable) =>
      (await callJson(server, "getJob", job(jobId, abortable))).artifacts,
    download: (jobId, downloadOptions = {}) => download(server, jobId, downloadOptions),
    downloadUrl: (jobId, urlOptions = {}) => downloadUrl(server, jobId, urlOptions),
    downloadArchive: (jobId, rangeOptions = {}) => downloadArchive(server, jobId, rangeOptions),
    logs: (jobId, abortable) => callJson(server, "getLogs", job(jobId, abortable)),
    record: (jobId, abortable) => callJson(server, "getJobRecord", job(jobId, abortable)),
    stats: ({ window, signal } = {}) => callJson(server, "getStats", { query: { window }, signal }),
    processors: async ({ signal } = {}) => (await callJson(server, "listProcessors", { signal })).processors,
    jobToken: (jobId, { expiresInS, signal } = {}) =>
      callJson(server, "createJobToken", {
        ...job(jobId, signal === undefined ? {} : { signal }),
        ...(expiresInS === undefined ? {} : { body: { expires_in_s: expiresInS } }),
      }),
    pause: (name, { signal } = {}) =>
      callJson(server, "pauseProcessor", { params: { processor: name }, signal }),
    resume: (name, { signal } = {}) =>
      callJson(server, "resumeProcessor", { params: { processor: name }, signal }),
    setConcurrency: (name, concurrency, { signal } = {}) =>
      callJson(server, "changeProcessor", { params: { processor: name }, body: { concurrency }, signal }),
    caller: ({ signal } = {}) => callJson(server, "getCaller", { signal }),
    webhooks: webhookCalls(server),
    keys: keyCalls(server),
    operations: operationCalls(server),
  };
}

function baseUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (!isHttp || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError(
      "The address of a Drover server is http:// or https://, host and perhaps a path, " +
        "as http://127.0.0.1:8000; a key goes into apiKey.",
    );
  }
  return text.trim().replace(/\/+$/, "");
}

async function* listAll(
  server: Server,
  filter: JobFilter,
  signal: AbortSignal | undefined,
): AsyncGenerator<Job> {
  for (let cursor: string | null | undefined = filter.cursor; cursor !== null; ) {
    const page: JobList = await callJson(server, "listJobs", { query: { ...filter, cursor }, signal });
    yield* page.jobs; // a page may be short, and still have a next
    cursor = page.next_cursor;
  }
}
