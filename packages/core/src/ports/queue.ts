import type { LogLine, Outcome, RetryPolicy } from "../attempt.js";
import type { Job, JobEnd, JobEvent, JobId, JobRequest, JobStatus, Progress } from "../job.js";
import type { ProcessorInfo, WorkerInfo } from "../processor-info.js";
import type { Clock } from "./clock.js";
import type { InstallationMarks, LiveApis } from "./installation-mark.js";

/**
 * The jobs, as an api sees them. Every method throws `redis_unavailable` within 2 s when the queue cannot be
 * reached.
 */
export interface JobQueue {
  /**
   * Adds the job and answers it as it stands. Idempotent by id: an id that exists answers the stored job and
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
  /** Matches part of the id, the file name or a tag, whatever the case. */
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

/** The jobs, as a worker sees them. */
export interface AttemptSource {
  /**
   * Starts taking jobs of one processor, at most `slots` at a time, and runs `execute` for each attempt.
   * `execute` never rejects; what it resolves to is recorded if, and only if, the attempt still holds its
   * lease.
   */
  consume(
    processor: string,
    options: ConsumeOptions,
    execute: (attempt: Attempt) => Promise<Outcome>,
  ): Consumer;
}

export interface ConsumeOptions {
  readonly slots: number;
  /** Name of the worker, for the job's events. */
  readonly workerId: string;
  readonly retry: Omit<RetryPolicy, "maxAttempts">;
  /** Called after an outcome was recorded and the job is terminal. Rejections are logged. */
  readonly onFinished?: (attempt: Attempt, outcome: Outcome) => Promise<void>;
  /**
   * Called when an attempt was not recorded: its lease went to another worker. What it wrote belongs to
   * nobody.
   */
  readonly onDiscarded?: (attempt: Attempt) => Promise<void>;
}

/**
 * A running consumer. `drain` twice and `drain` before anything was taken are fine, and so are `pause` and
 * `resume`.
 */
export interface Consumer {
  /** Number of attempts that run now. */
  readonly running: number;
  /** Takes no new job until `resume`, but for one that is on its way. Running attempts go on. */
  pause(): void;
  resume(): void;
  /**
   * Takes no new job; gives running attempts `deadlineMs` to end, then aborts them with `drained`; resolves
   * when all have ended and the connections are closed.
   */
  drain(deadlineMs: number): Promise<void>;
}

/** One try at a job, in the hands of the worker that holds its lease. */
export interface Attempt {
  /**
   * Letters and digits. No other attempt has it, not even one that repeats its number after Redis lost the
   * job.
   */
  readonly id: string;
  readonly request: JobRequest;
  /** 1-based. */
  readonly number: number;
  /**
   * When the job had ended before a person's retry, in ms since the epoch; `null` when nobody asked for one.
   */
  readonly reopenedEnd: number | null;
  /** Aborted with a `StopReason` when the attempt has to stop. */
  readonly signal: AbortSignal;
  /** Records progress; dropped when the lease is gone. A stage other than the last becomes an event. */
  progress(progress: Progress): Promise<void>;
  /** Records log lines; dropped when the lease is gone. */
  log(lines: readonly LogLine[]): Promise<void>;
}

/** Which processors exist and which workers live. */
export interface Catalogue {
  /**
   * A heartbeat: publishes the processors, which outlive their workers by 7 days, and says that the worker
   * lives for the next 15 s.
   */
  announce(worker: WorkerInfo, processors: readonly ProcessorInfo[]): Promise<void>;
  /** The worker is gone; its processors stay known. */
  withdraw(workerId: string): Promise<void>;
  read(): Promise<CatalogueSnapshot>;
}

export interface CatalogueSnapshot {
  readonly processors: readonly ProcessorInfo[];
  readonly workers: readonly WorkerInfo[];
}

/**
 * Small facts that are shared by all processes and expire: tombstones of expired jobs, the storage canary.
 */
export interface SharedFacts {
  set(name: string, value: string, ttlMs: number): Promise<void>;
  get(name: string): Promise<string | undefined>;
}

/** How the queue's server does. */
export interface QueueHealth {
  /**
   * One round trip.
   * @throws `redis_unavailable` within 2 s.
   */
  ping(): Promise<void>;
  /** What the server promises and how full it is. */
  inspect(): Promise<QueueServer>;
  /** How many jobs of the processor wait and run. */
  depth(processor: string): Promise<{ readonly queued: number; readonly running: number }>;
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
   * false when it is not, because a person's retry came first. One step: either the retry or the erasing
   * wins. That it was erased is remembered for 30 days.
   */
  expire(job: JobRef, time: number): Promise<boolean>;
  /** Whether the job is gone because `expire` erased it. */
  isExpired(job: JobRef): Promise<boolean>;
  /**
   * Makes the queue show the end that it forgot. `kept`: the queue knows as much or more, or an attempt runs,
   * whose worker will see to it. `reopened`: a person's retry undid this very end.
   */
  restore(request: JobRequest, end: JobEnd): Promise<"restored" | "kept" | "reopened">;
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

/** Who of several processes does what only one should do at a time. */
export interface Leases {
  /** Takes the lease for `ttlMs`, or renews it; false while another holder has it. */
  hold(name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Gives it back, if it is the holder's. */
  release(name: string, holder: string): Promise<void>;
}

/** The jobs that may wait only so long. */
export interface QueueDeadlines {
  /**
   * Ends up to `limit` jobs that are past their `queueDeadline` and that no attempt has begun, as
   * `queue_timeout`; answers which.
   */
  failLate(limit: number): Promise<readonly JobId[]>;
}

export interface QueueServer {
  readonly version: string;
  /**
   * Another one after each start of the server, and after a failover: what it may have forgotten is to be
   * looked for.
   */
  readonly runId: string;
  /**
   * What a kill or a power loss may cost: `none` loses everything, `everysec` up to a second at a power loss,
   * `always` nothing.
   */
  readonly durability: "none" | "snapshots" | "everysec" | "always" | "unknown";
  /** `noeviction` is the only policy under which no job is lost to memory pressure. */
  readonly evictionPolicy: string;
  readonly usedMemoryBytes: number;
  /** 0 for no limit. */
  readonly maxMemoryBytes: number;
}

/** One connection to the queue's server, with every port that it serves. */
export interface QueuePorts {
  readonly jobs: JobQueue;
  readonly attempts: AttemptSource;
  readonly catalogue: Catalogue;
  readonly facts: SharedFacts;
  readonly health: QueueHealth;
  readonly finished: FinishedJobs;
  readonly installation: InstallationMarks;
  readonly apis: LiveApis;
  readonly leases: Leases;
  readonly deadlines: QueueDeadlines;
  /** The server's wall time: what all ages are taken from, so that the clocks of the hosts need not agree. */
  readonly clock: Pick<Clock, "now">;
  /** Closes the connections; consumers are to be drained before. Twice is fine. */
  close(): Promise<void>;
}
