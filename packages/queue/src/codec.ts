import {
  type Artifact,
  DomainError,
  FAILURE_CODES,
  type Failure,
  type FailureCode,
  isRetryable,
  type Job,
  type JobId,
  type JobRequest,
  type JobStatus,
  type Outcome,
  type Progress,
  type Waiting,
} from "@drover/core";

/** Upper bound of a job's entry in Redis. */
export const MAX_DATA_BYTES = 4_096;

/** The failed reason of a cancelled job: BullMQ knows no cancelled state. */
export const CANCELLED = "cancelled: Job was cancelled";

const NO_PROGRESS: Progress = { percent: 0, stage: null, message: null };

/** The part of a request that BullMQ keeps as the job's data. Throws `invalid_request` when it is over 4 KiB. */
export function encodeRequest(request: JobRequest): Omit<JobRequest, "id"> {
  const { id: _id, ...data } = request;
  const bytes = Buffer.byteLength(JSON.stringify(data));
  if (bytes > MAX_DATA_BYTES) {
    throw new DomainError(
      "invalid_request",
      `Params, tags and file name together make a job of ${bytes} bytes; at most ${MAX_DATA_BYTES} fit. Put large options into the file.`,
    );
  }
  return data;
}

/** How BullMQ's failed reason spells a failure: the code, then the sentence. Readable in its board as it is. */
export function encodeFailure(outcome: Extract<Outcome, { kind: "failed" }>): string {
  return `${outcome.code}: ${outcome.message}`;
}

/** The failure that a failed reason spells. One that is not ours is BullMQ's own: the job was lost with its worker too often. */
export function decodeFailure(failedReason: string): Failure {
  const [code, message] = splitOnce(failedReason, ": ");
  const known: FailureCode | undefined = FAILURE_CODES.find((name) => name === code);
  return known === undefined
    ? {
        code: "worker_lost",
        message: "The workers that ran this job died or lost their connection too many times.",
        retryable: true,
      }
    : { code: known, message, retryable: isRetryable(known) };
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** What a completed job returns, as BullMQ keeps it. */
export interface ReturnValue {
  readonly result: unknown;
  readonly artifacts: readonly Artifact[];
}

/** Progress as it is kept: stamped, so that a reader drops what an older attempt wrote. */
export interface StampedProgress extends Progress {
  readonly attempt: number;
  readonly at: number;
}

/** A job's fields as `snapshot.lua` answers them. */
type Snapshot = readonly [
  state: "completed" | "failed" | "delayed" | "active" | "waiting",
  position: number,
  due: string,
  ...fields: readonly (string | null)[],
];

/** The job that an answer of `snapshot.lua` holds; `undefined` for none. */
export function decodeSnapshot(id: JobId, answer: unknown): Job | undefined {
  if (answer === null || answer === undefined) return undefined;
  const [
    state,
    position,
    due,
    data,
    ,
    progress,
    returnValue,
    failedReason,
    timestamp,
    processedOn,
    finishedOn,
    ...rest
  ] = answer as Snapshot;
  const [started, stalled, released, cancel] = rest;
  const {
    timeoutMs: _timeout,
    queueTimeoutMs: _queueTimeout,
    ...request
  } = parse<Omit<JobRequest, "id">>(data ?? "{}");
  const attempt = Number(started ?? 0);
  const current = currentProgress(progress, attempt);
  const status = statusOf(state, failedReason ?? null);
  const value = status === "completed" ? parse<ReturnValue>(returnValue ?? "null") : null;
  const isFinished = state === "completed" || state === "failed";
  const times = [Number(timestamp), Number(processedOn ?? 0), Number(finishedOn ?? 0), current?.at ?? 0];
  const shown = current ?? NO_PROGRESS;
  return {
    ...request,
    id,
    status,
    maxAttempts: request.maxAttempts + Number(stalled ?? 0) + Number(released ?? 0), // tries that did not count are given back
    attempt,
    progress: {
      percent: status === "completed" ? 100 : shown.percent,
      stage: shown.stage,
      message: shown.message,
    },
    waiting: status === "queued" ? waitingOf({ state, position, due: Number(due), attempt }) : null,
    updatedAt: Math.max(...times),
    startedAt: processedOn == null ? null : Number(processedOn),
    finishedAt: isFinished && finishedOn != null ? Number(finishedOn) : null,
    isCancelling: status === "running" && cancel != null,
    result: value?.result ?? null,
    artifacts: value?.artifacts ?? [],
    error: status === "failed" ? decodeFailure(failedReason ?? "") : null,
  };
}

function statusOf(state: Snapshot[0], failedReason: string | null): JobStatus {
  if (state === "completed") return "completed";
  if (state === "failed") return failedReason === CANCELLED ? "cancelled" : "failed";
  return state === "active" ? "running" : "queued";
}

function currentProgress(json: string | null | undefined, attempt: number): StampedProgress | undefined {
  const progress = json == null ? undefined : parse<StampedProgress | number>(json); // BullMQ starts with the number 0
  return typeof progress === "object" && progress.attempt === attempt ? progress : undefined;
}

function waitingOf(at: { state: string; position: number; due: number; attempt: number }): Waiting {
  const position = at.position > 0 ? at.position : null;
  if (at.state !== "delayed") return { reason: "worker", position, until: null };
  return { reason: at.attempt > 0 ? "retry_backoff" : "scheduled", position: null, until: at.due };
}

/** JSON that this package wrote itself. */
function parse<T>(json: string): T {
  return JSON.parse(json) as T;
}
