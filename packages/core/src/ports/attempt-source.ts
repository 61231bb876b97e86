import type { LogLine, Outcome, RetryPolicy } from "../attempt.js";
import type { JobRequest, Progress } from "../job.js";

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
  /**
   * Most jobs of one tenant that run at a time over all workers of the processor, unless the tenant has a limit of
   * its own; both hold within 2 s. Default `null`: as many as there are slots.
   */
  readonly runningJobs?: number | null;
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
