import type { Job } from "@drover/client";

/** How long a job has waited and run, in ms. */
export interface JobTimes {
  /** From the submit to the start of the newest attempt, or until now. */
  readonly waitedMs: number;
  /** Of the newest attempt; `undefined` before the first. */
  readonly ranMs: number | undefined;
  readonly ageMs: number;
}

/**
 * The times of a job.
 * @param now ms since the epoch, by this browser's clock, which may be off a little: no time is below 0.
 */
export function jobTimes(
  job: Pick<Job, "created_at" | "started_at" | "completed_at" | "status">,
  now: number,
): JobTimes {
  const created = Date.parse(job.created_at);
  const started = job.started_at === null ? undefined : Date.parse(job.started_at);
  const ended = job.completed_at === null ? now : Date.parse(job.completed_at);
  const isWaiting = job.status === "queued";
  const from = (start: number, end: number) => Math.max(0, end - start);
  return {
    waitedMs: from(created, isWaiting ? now : (started ?? ended)),
    ranMs: started === undefined || isWaiting ? undefined : from(started, ended),
    ageMs: from(created, now),
  };
}
