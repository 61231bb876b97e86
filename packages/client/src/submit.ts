import type { SubmitFields } from "@drover/contract";
import type { Job } from "./answers.js";
import { named } from "./input-file.js";
import { callJson, type Server } from "./request.js";
import { retryTransient } from "./retry-transient.js";

/** What a submit says beside the file; the fields are those of the contract. */
export interface SubmitOptions extends Partial<SubmitFields> {
  /** Shown with the job. Default: the file's own name, else `file`. */
  readonly filename?: string;
  /** Default: the file's own type, else by the ending of its name, else `application/octet-stream`. */
  readonly mediaType?: string;
  /** Makes repeats of this submit one job, for as long as the job is known; with it a submit that meets trouble is repeated by itself. At most 255 characters. */
  readonly idempotencyKey?: string;
  /** Hold the answer until the job is terminal, at most this long, in seconds; 0 to 60. Default 0. */
  readonly waitS?: number;
  /** With `idempotencyKey`: how long to repeat, in ms. Default 60,000. */
  readonly giveUpAfterMs?: number;
  readonly signal?: AbortSignal;
}

/** Uploads the file, read as it is sent, and answers its job. */
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
      signal,
    });
  return idempotencyKey === undefined ? attempt() : retryTransient({ giveUpAfterMs, signal }, attempt);
}

/** The fields go before the file, so that a wrong one is refused before the bytes are sent. */
function formOf(file: Blob, options: SubmitOptions): FormData {
  const form = new FormData();
  const { params, tags, priority, run_at, timeout_ms, queue_timeout_ms } = options;
  for (const [name, value] of Object.entries({
    params,
    tags,
    priority,
    run_at,
    timeout_ms,
    queue_timeout_ms,
  })) {
    if (value !== undefined)
      form.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  form.append("file", named(file, options));
  return form;
}
