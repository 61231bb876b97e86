import type { LogLine } from "../attempt.js";
import type { JobId, JobStatus, Progress } from "../job.js";

/** What happens to jobs, told while it happens. */
export interface JobFeed {
  /**
   * Calls `onChange` with the changes of a processor's jobs, or of one job, in order and each once: with those
   * after the position `after` before it resolves, then with each further one until `stop`.
   * @throws `redis_unavailable` within 2 s.
   */
  follow(processor: string, options: FollowOptions): Promise<Following>;
  /**
   * Position of the newest change that was recorded, whether or not it was told yet.
   * @throws `redis_unavailable` within 2 s.
   */
  newest(processor: string): Promise<string>;
}

export interface FollowOptions {
  /** Default: the changes of all jobs of the processor. */
  readonly id?: JobId;
  /** Default: from now on. */
  readonly after?: string | undefined;
  readonly onChange: (change: JobChange) => void;
  /** Changes may have been missed, and nothing more is told: read the jobs, and follow anew. */
  readonly onLost: () => void;
}

export interface Following {
  /** Position of the newest change when it began. */
  readonly position: string;
  /** False when not all that came after `after` is known any more; nothing of it was told then. */
  readonly isWhole: boolean;
  stop(): void;
}

/** One thing that happened to a job. */
export type JobChange = {
  /** Its place among the changes of the processor's jobs, the same in every process: `<ms>-<number>`. */
  readonly position: string;
  readonly processor: string;
  readonly jobId: JobId;
  /** ms since the epoch. */
  readonly at: number;
} & (
  | { readonly type: "progress"; readonly attempt: number; readonly progress: Progress }
  | { readonly type: "log"; readonly lines: readonly LogLine[] }
  | { readonly type: "status"; readonly status: JobStatus }
  | { readonly type: "removed" }
);
