import type { SubmitFields } from "@drover/contract";
import { callJson, type Job, retryTransient, type Server } from "./request.js";
import type { UploadProgress } from "./upload-progress.js";

/** What a submit says beside the file; the fields are those of the contract. */
export interface SubmitOptions extends Partial<SubmitFields> {
  /** Shown with the job. Default: the file's own name, else `file`. */
  readonly filename?: string;
  /** Default: the file's own type, else by the ending of its name, else `application/octet-stream`. */
  readonly mediaType?: string;
  /**
   * Makes repeats of this submit one job, for as long as the job is known; with it a submit that meets
   * trouble is repeated by itself. At most 255 characters.
   */
  readonly idempotencyKey?: string;
  /** Hold the answer until the job is terminal, at most this long, in seconds; 0 to 60. Default 0. */
  readonly waitS?: number;
  /** With `idempotencyKey`: how long to repeat, in ms. Default 60,000. */
  readonly giveUpAfterMs?: number;
  /**
   * Called as the form is sent, see `UploadProgress`; a submit that is repeated begins at 0 again. Told by
   * `streamingFetch` of `@drover/client/node`, and in browsers, where the form goes by XMLHttpRequest. A `fetch`
   * that does not know it, as Node's own, tells nothing.
   */
  readonly onUploadProgress?: (progress: UploadProgress) => void;
  readonly signal?: AbortSignal;
}

/** Uploads the file, read as it is sent, and returns its job. */
export function submit(server: Server, processor: string, file: Blob, options: SubmitOptions): Promise<Job> {
  const { idempotencyKey, giveUpAfterMs = 60_000, signal } = options;
  const attempt = (): Promise<Job> =>
    callJson(server, "submitJob", {
      params: { processor },
      headers: {
        "idempotency-key": idempotencyKey,
        prefer: options.waitS === undefined ? undefined : `wait=${options.waitS}`,
      },
      body: formOf(file, options),
      onUploadProgress: options.onUploadProgress,
      signal,
    });
  return idempotencyKey === undefined ? attempt() : retryTransient({ giveUpAfterMs, signal }, attempt);
}

/** The fields go before the file, so that a wrong one is refused before the bytes are sent. */
function formOf(file: Blob, options: SubmitOptions): FormData {
  const form = new FormData();
  const { params, tags, priority, run_at, timeout_ms, queue_timeout_ms, webhook } = options;
  for (const [name, value] of Object.entries({
    params,
    tags,
    priority,
    run_at,
    timeout_ms,
    queue_timeout_ms,
    webhook,
  })) {
    if (value !== undefined)
      form.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  form.append("file", named(file, options));
  return form;
}

/** How a file is to be called, where that is not what it says itself. */
export interface FileNaming {
  readonly filename?: string;
  readonly mediaType?: string;
}

/**
 * A file that knows how to be the same bytes under another name; a copy made with `new File([file])` would
 * read nothing of it.
 */
export interface NameableFile extends File {
  as(name: string, mediaType: string): File;
}

/** By the ending of the name. Only what is commonly uploaded; the server looks at endings too. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  gz: "application/gzip",
  htm: "text/html",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  md: "text/markdown",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ndjson: "application/x-ndjson",
  pdf: "application/pdf",
  png: "image/png",
  tsv: "text/tab-separated-values",
  txt: "text/plain",
  wav: "audio/wav",
  xes: "application/xml",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
};

/**
 * The blob as a file with a name and a media type: those asked for, else its own, else `file` and the type
 * that its ending stands for.
 */
export function named(blob: Blob, naming: FileNaming): File {
  const given = naming.filename ?? (blob instanceof File ? blob.name : "file");
  const name = given.replaceAll(/\p{Cc}/gu, ""); // no form can carry them, and a server would not show them
  const type = naming.mediaType ?? (blob.type === "" ? mediaTypeOf(name) : blob.type);
  if (blob instanceof File && blob.name === name && blob.type === type) return blob;
  return "as" in blob ? (blob as NameableFile).as(name, type) : new File([blob], name, { type });
}

function mediaTypeOf(name: string): string {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(MEDIA_TYPES, ending) ? (MEDIA_TYPES[ending] ?? "") : "";
}
