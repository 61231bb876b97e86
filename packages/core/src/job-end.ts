import type { Artifact, Failure } from "./attempt.js";
import type { Job, JobRequest, JobStatus } from "./job.js";

/** How a job ended: all that a finished job has beyond what was asked for. */
export interface JobEnd {
  readonly status: Extract<JobStatus, "completed" | "failed" | "cancelled">;
  /** ms since the epoch. */
  readonly at: number;
  /** Number of the last attempt; 0 when none began. */
  readonly attempt: number;
  readonly result: unknown;
  readonly artifacts: readonly Artifact[];
  readonly error: Failure | null;
  /** How far an imported job had come, 0 to 100. Absent: 100 when it completed, else 0. */
  readonly percent?: number;
}

/** How the job ended; `undefined` while it has not. */
export function endOfJob(job: Job): JobEnd | undefined {
  const { status, finishedAt, attempt, result, artifacts, error, importedAt, progress } = job;
  if (status === "queued" || status === "running" || finishedAt === null) return undefined;
  const end = { status, at: finishedAt, attempt, result, artifacts, error };
  return importedAt === undefined ? end : { ...end, percent: progress.percent };
}

/**
 * When the retention of a finished job begins, in ms since the epoch: at its end, or when it was imported,
 * however long ago it had ended then.
 */
export function keptFrom({ importedAt }: Pick<JobRequest, "importedAt">, finishedAt: number): number {
  return importedAt ?? finishedAt;
}
