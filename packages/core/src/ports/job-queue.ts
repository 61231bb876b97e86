import type { LogLine } from "../attempt.js";
import type { Job, JobId, JobRequest, JobStatus } from "../job.js";
import type { JobEnd } from "../job-end.js";
import type { JobEvent } from "../job-event.js";

/**
 * The jobs, as an api sees them. Every method throws `redis_unavailable` within 2 s when the queue cannot be
 * reached.
 */
export interface JobQueue {
  /**
   * Adds the job and returns it as it stands. Idempotent by id: an id that exists returns the stored job and
   * changes nothing.
   * @throws `UnconfirmedSubmit` when it is not known whether the job was added; after any other error it was
   *   not and will not be.
   */
  submit(request: JobRequest, options?: { readonly isRestored?: boolean }): Promise<Job>;
  /**
   * The job, never torn: its status and its result come from one moment.
   * @throws `job_unreadable` when its record is damaged.
   */
  get(id: JobId): Promise<Job | undefined>;
  /** Newest first. One whose record is damaged stands as failed with `job_unreadable`. */
  list(query: JobQuery): Promise<JobPage>;
  /**
   * Ends a queued job at once; marks a running one, whose worker stops it within 2 s. The mark survives that
   * worker.
   */
  cancel(id: JobId): Promise<CancelAnswer>;
  /**
   * Queues a failed or cancelled job again from its kept input, attempts counted anew. `undefined` when no
   * job has the id or it is in no such state.
   */
  retry(id: JobId, params?: Readonly<Record<string, unknown>>): Promise<Job | undefined>;
  /**
   * Erases a job that is not running, with its events and log lines. False when it is running. One whose
   * record is damaged goes whatever it does.
   */
  remove(id: JobId): Promise<boolean>;
  /**
   * Resolves when something about the job changed since the call, or the signal aborts. May resolve early;
   * read again.
   */
  changed(id: JobId, signal: AbortSignal): Promise<void>;
  /**
   * What happened to the job, oldest first, and what its processor logged; the newest 500 of each, and always
   * how it was accepted and how it ended.
   */
  history(id: JobId): Promise<JobHistory>;
}

/**
 * A submit that was sent and not confirmed: the job may be in the queue, or get there in a moment. `cause`
 * says what was met.
 */
export class UnconfirmedSubmit extends Error {
  override readonly name = "UnconfirmedSubmit";
  readonly jobId: JobId;

  constructor(jobId: JobId, cause: unknown) {
    super(`It is not known whether job ${jobId} was queued.`, { cause });
    this.jobId = jobId;
  }
}

export type CancelAnswer = "cancelled" | "cancelling" | "already_finished" | "not_found";

export interface JobHistory {
  readonly events: readonly JobEvent[];
  readonly logs: readonly LogLine[];
}

export interface JobQuery {
  readonly status?: JobStatus;
  readonly processor?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly createdAfter?: number;
  /** Matches part of the id, the file name, a tag or the error's code and message, whatever the case. */
  readonly text?: string;
  /** 1 to 200. */
  readonly limit: number;
  /** As an earlier page gave it. */
  readonly cursor?: string;
}

export interface JobPage {
  readonly jobs: readonly Job[];
  /** For the next page; `null` at the end. A page may be short and still have a next. */
  readonly nextCursor: string | null;
}

/** The finished jobs, for those who keep them in order. */
export interface FinishedJobs {
  /**
   * Up to `limit` ids of jobs of the processor that reached `status` (`failed` includes cancelled) before
   * `time` in ms since the epoch, oldest first.
   */
  finishedBefore(
    processor: string,
    status: "completed" | "failed",
    time: number,
    limit: number,
  ): Promise<readonly JobId[]>;
  /**
   * Erases the job with all that the queue keeps of it, if it is finished and has been since before `time`;
   * `undefined` when it is not, because a person's retry came first. One step: either the retry or the erasing
   * wins. That it was erased is remembered for 30 days.
   */
  expire(job: JobRef, time: number): Promise<ErasedJob | undefined>;
  /** Whether the job is gone because `expire` erased it. */
  isExpired(job: JobRef): Promise<boolean>;
  /**
   * Makes the queue show the end that it forgot. `kept`: the queue knows as much or more, or an attempt runs,
   * whose worker will see to it. `reopened`: a person's retry undid this very end.
   */
  restore(request: JobRequest, end: JobEnd): Promise<"restored" | "kept" | "reopened">;
  /**
   * Adds a job that ended elsewhere, or gives the job that an earlier import added its newer end; the same
   * input key tells that it is that one. `kept`: this end, or a later one, is there. `taken`: another job has
   * the id; it stays as it is.
   */
  addEnded(request: JobRequest, end: JobEnd): Promise<"added" | "kept" | "taken">;
  /**
   * Lets a completed job take less room, for as long as it is kept; any other one stays as it is. Nothing
   * that can be asked for changes.
   * @returns whether it is among the completed.
   */
  condense(request: Pick<JobRequest, "id" | "processor" | "maxAttempts" | "priority">): Promise<boolean>;
  /**
   * Clears what is left of a job whose record is gone: its places in line and its lease. False when the
   * record is there.
   */
  clearRemains(job: JobRef): Promise<boolean>;
  /**
   * Resolves when all that was recorded before the call has surely outlived a crash of the server; rejects
   * when the signal aborts.
   */
  synced(signal: AbortSignal): Promise<void>;
}

/** What names a job and the queue that it is in. */
export type JobRef = Pick<JobRequest, "id" | "processor">;

/** What is known of a job that was erased. */
export interface ErasedJob {
  /** Whose it was; `undefined` when its record was damaged and nothing else says it. */
  readonly tenant: string | undefined;
}

/** The jobs that may wait only so long. */
export interface QueueDeadlines {
  /**
   * Ends up to `limit` jobs that are past their `queueDeadline` and that no attempt has begun, as
   * `queue_timeout`, and returns which.
   */
  failLate(limit: number): Promise<readonly JobId[]>;
}
