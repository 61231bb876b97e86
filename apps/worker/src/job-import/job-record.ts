import type { JobEnd, JobId, JobRequest } from "@drover/core";
import { importedInputKey } from "@drover/job-files";
import { MAX_RESULT_BYTES } from "../children/messages.js";
import { parseTime, type Update } from "./job-updates.js";

/** Why a job is not imported; its message says what was expected and what came. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

const STATUSES = ["queued", "running", "completed", "failed"] as const;

/** A job as its files tell it. */
export interface JobRecord {
  readonly id: JobId;
  readonly status: (typeof STATUSES)[number];
  /** ms since the epoch, like `updatedAt`. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Clamped to 0 to 100. When none was said: 100 for a completed job, else 0. */
  readonly percent: number;
  readonly result: unknown;
  /** `null` for none. */
  readonly errorMessage: string | null;
}

/**
 * The job that an update tells of.
 * @param id the one that its file is named by.
 * @throws MalformedError for the first thing that is not as it has to be.
 */
export function readRecord(id: JobId, update: Update): JobRecord {
  const { job_id = id, result = null, error_message = null } = update;
  if (typeof job_id !== "string" || job_id.toLowerCase() !== id)
    throw malformed("job_id", `${id}, as the file is named`, job_id);
  const status = STATUSES.find((known) => known === update.status);
  if (status === undefined) throw malformed("status", `one of ${STATUSES.join(", ")}`, update.status);
  if (error_message !== null && typeof error_message !== "string")
    throw malformed("error_message", "a text", error_message);
  return {
    id,
    status,
    createdAt: timeOf("created_at", update.created_at),
    updatedAt: timeOf("updated_at", update.updated_at),
    percent: percentOf(update.progress ?? (status === "completed" ? 100 : 0)),
    result: status === "completed" ? keptResult(result) : null,
    errorMessage: error_message,
  };
}

function timeOf(key: string, value: unknown): number {
  const time = parseTime(value);
  if (time === undefined) throw malformed(key, "a time, as 2026-01-31T12:00:00.000Z", value);
  return time;
}

function percentOf(value: unknown): number {
  if (typeof value !== "number") throw malformed("progress", "a number from 0 to 100", value);
  return Math.min(Math.max(0, value), 100);
}

function keptResult(result: unknown): unknown {
  const bytes = jsonBytes(result);
  if (bytes <= MAX_RESULT_BYTES) return result;
  const what = Number.isFinite(bytes) ? `${bytes} bytes` : "more levels than can be written";
  throw new MalformedError(`result: expected at most ${MAX_RESULT_BYTES} bytes as JSON; it has ${what}.`);
}

/** Infinite for a value that is nested too deeply to be written. */
function jsonBytes(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Characters of a wrong value that are shown. */
const SHOWN = 60;

function malformed(key: string, expected: string, value: unknown): MalformedError {
  const bytes = value === undefined ? 0 : jsonBytes(value);
  const text = Number.isFinite(bytes) ? String(JSON.stringify(value)) : "something nested";
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return new MalformedError(
    `${key}: expected ${expected}; ${value === undefined ? "it is missing" : `got ${shown}`}.`,
  );
}

/** The files that a record was read from. */
export interface RecordSource {
  /** Of the job file, else of the events log. */
  readonly filename: string;
  /** Of all that was read. */
  readonly sizeBytes: number;
  /** Hexadecimal, of the job file's bytes and those of the log after them. */
  readonly sha256: string;
}

export interface ImportTerms {
  readonly processor: string;
  readonly tenant: string;
  /** ms since the epoch. */
  readonly importedAt: number;
  readonly source: RecordSource;
}

/** The record as a job of Drover that has ended. Its input is described by the files that it came from. */
export function jobOfRecord(
  record: JobRecord,
  { processor, tenant, importedAt, source }: ImportTerms,
): { readonly request: JobRequest; readonly end: JobEnd } {
  const { id, createdAt, updatedAt: at, percent } = record;
  return {
    request: {
      ...{ id, tenant, processor, createdAt, importedAt },
      input: { key: importedInputKey(id), mediaType: "application/json", ...source },
      ...{ params: {}, tags: {}, priority: 0, maxAttempts: 1, fingerprint: null, requestId: null },
      ...{ runAt: null, timeoutMs: null, queueTimeoutMs: null },
    },
    end: { ...outcomeOf(record), at, percent, artifacts: [] },
  };
}

const SUBMIT_AGAIN = "Submit its file again.";

/** How the job ended. One that was running or waiting ends here: whoever would have run it is gone. */
function outcomeOf({
  status,
  result,
  errorMessage,
}: JobRecord): Pick<JobEnd, "status" | "attempt" | "result" | "error"> {
  const failed = (code: "processor_error" | "worker_lost" | "input_missing", message: string) =>
    ({
      status: "failed",
      attempt: status === "queued" ? 0 : 1,
      result: null,
      error: { code, message, retryable: false },
    }) as const;
  switch (status) {
    case "completed":
      return { status, attempt: 1, result, error: null };
    case "failed":
      return failed("processor_error", errorMessage ?? "The job failed.");
    case "running":
      return failed(
        "worker_lost",
        `The job was running when it was imported; nothing runs it now. ${SUBMIT_AGAIN}`,
      );
    case "queued":
      return failed(
        "input_missing",
        `The job was waiting when it was imported, without its input. ${SUBMIT_AGAIN}`,
      );
  }
}
