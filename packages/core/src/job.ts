import type { Artifact, Failure } from "./attempt.js";
import { DomainError } from "./errors.js";
import type { TraceContext } from "./trace-context.js";
import type { JobWebhook } from "./webhook.js";

declare const jobIdBrand: unique symbol;

/**
 * A job's id: a UUID in lower case. Drover makes version 7, and version 8 from an Idempotency-Key; any
 * `8-4-4-4-12` hexadecimal string is accepted.
 */
export type JobId = string & { readonly [jobIdBrand]: true };

/** A job's id as a client may write it: in any case. No flags, so that it can stand in a JSON Schema. */
export const JOB_ID_SHAPE = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/**
 * The id that `text` spells, whatever its case, version and variant bits.
 * @throws `invalid_job_id` for anything else.
 */
export function parseJobId(text: string): JobId {
  const lower = text.toLowerCase();
  if (isJobId(lower)) return lower;
  throw new DomainError(
    "invalid_job_id",
    `A job id is a UUID (8-4-4-4-12 hexadecimal digits); got "${text.slice(0, 80)}".`,
  );
}

/** Whether `text` is a job's id, in lower case. */
export function isJobId(text: string): text is JobId {
  return JOB_ID_SHAPE.test(text) && text === text.toLowerCase();
}

/**
 * Where a job stands.
 *
 * ```
 *   submit ──► queued ──take──► running ──outcome──► completed
 *                ▲ │              │ │ └──────────────► failed
 *                │ └──cancel──┐   │ └─cancel─► cancelled
 *   retry / backoff /         └───┼────────► cancelled
 *   drain / lost worker ──────────┘
 *   failed, cancelled ──retry by a person──► queued
 * ```
 * A job that waits for a retry is `queued`. `completed`, `failed` and `cancelled` are terminal.
 */
export const JOB_STATUSES = ["queued", "running", "completed", "failed", "cancelled"] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

const TRANSITIONS: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  queued: ["running", "cancelled", "failed"],
  running: ["completed", "failed", "cancelled", "queued"],
  completed: [],
  failed: ["queued"],
  cancelled: ["queued"],
};

/** Whether the diagram has an arrow from one status to the other. */
export function canMove(from: JobStatus, to: JobStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** Whether no attempt will run any more unless a person asks for a retry. */
export function isTerminal(status: JobStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** The uploaded file of a job. */
export interface JobInput {
  /** Key in the blob store. */
  readonly key: string;
  /** The name the client gave, for display only; never part of a path. */
  readonly filename: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** Hexadecimal SHA-256 of the bytes. */
  readonly sha256: string;
}

/** How far the running attempt is. */
export interface Progress {
  /** 0 to 100; never falls within an attempt; 100 only when the job completed. */
  readonly percent: number;
  readonly stage: string | null;
  readonly message: string | null;
}

/**
 * Why a queued job is not running. `worker` is a free slot and its tenant's turn; `tenant_limit` the end of another
 * job of its tenant.
 */
export const WAITING_REASONS = [
  "worker",
  "no_worker_for_processor",
  "retry_backoff",
  "scheduled",
  "paused",
  "tenant_limit",
] as const;
export type WaitingReason = (typeof WAITING_REASONS)[number];

export interface Waiting {
  readonly reason: WaitingReason;
  /** 1-based, as though tenants with waiting jobs took turns; `null` in no line, at a limit, or uncounted. */
  readonly position: number | null;
  /** When the wait ends by itself, in ms since the epoch. */
  readonly until: number | null;
}

/** Largest request as JSON, in bytes: it is the data of the job's entry in Redis. */
export const MAX_REQUEST_BYTES = 4_096;

/** Bounds of a job's priority. */
export const MIN_PRIORITY = -100;
export const MAX_PRIORITY = 100;

/**
 * What a person asked for: all that is fixed when a job is submitted, at most `MAX_REQUEST_BYTES` as JSON
 * without the webhook.
 */
export interface JobRequest {
  readonly id: JobId;
  /** Whose job it is, as `TENANT_NAME` says. */
  readonly tenant: string;
  readonly processor: string;
  readonly input: JobInput;
  readonly params: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, string>>;
  /** `MIN_PRIORITY` to `MAX_PRIORITY`; the higher runs first. Default 0. */
  readonly priority: number;
  /** Not before this time, in ms since the epoch; `null` for at once. */
  readonly runAt: number | null;
  /** Id of the request that submitted it, for the logs; `null` when none did, or it is not known. */
  readonly requestId: string | null;
  /**
   * Where the submit stands in a trace: the parent of all that is done for the job, attempts and deliveries
   * alike. Absent: it is in none.
   */
  readonly trace?: TraceContext;
  /** How many attempts may fail before the job does; 1 to 20. */
  readonly maxAttempts: number;
  /** Longest time one attempt may run, in ms; `null` for the processor's own limit. */
  readonly timeoutMs: number | null;
  /** Longest time from submit to the start of the first attempt, in ms; `null` for none. */
  readonly queueTimeoutMs: number | null;
  /**
   * Short digest of what was asked for, when the client sent an Idempotency-Key: tells a repeated request
   * from another one. `null` without a key.
   */
  readonly fingerprint: string | null;
  /** Who is told of the job's end beside the registered endpoints; absent for nobody. */
  readonly webhook?: JobWebhook;
  /** ms since the epoch. */
  readonly createdAt: number;
  /**
   * When a job that ended elsewhere was imported, with the times and the progress that it had there, in ms
   * since the epoch. Absent: the job was submitted.
   */
  readonly importedAt?: number;
}

/**
 * When a job that no attempt has begun fails as `queue_timeout`, in ms since the epoch; `null` when it may
 * wait for ever. Counted from the submit, or from `runAt` when that was still to come.
 */
export function queueDeadline(
  request: Pick<JobRequest, "createdAt" | "runAt" | "queueTimeoutMs">,
): number | null {
  if (request.queueTimeoutMs === null) return null;
  return Math.max(request.createdAt, request.runAt ?? 0) + request.queueTimeoutMs;
}

/** A job as it stands now. All times in ms since the epoch. */
export interface Job extends Omit<JobRequest, "timeoutMs" | "queueTimeoutMs" | "webhook"> {
  readonly status: JobStatus;
  readonly progress: Progress;
  /**
   * Number of the newest attempt; 0 before the first. Every start has a number of its own, so that progress
   * never falls within one. Starts that do not count (given back by a draining worker, lost with a worker,
   * made before a person's retry) raise `maxAttempts` by one each.
   */
  readonly attempt: number;
  /** Id of the worker that took it last; absent before the first attempt, and where that is not known. */
  readonly worker?: string;
  readonly waiting: Waiting | null;
  readonly updatedAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Whether a cancel was asked for and the attempt has not ended yet. */
  readonly isCancelling: boolean;
  /** The processor's small JSON summary; `null` until completed. */
  readonly result: unknown;
  readonly artifacts: readonly Artifact[];
  readonly error: Failure | null;
}
