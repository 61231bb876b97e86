import type { Job } from "@drover/client";

/** Stands for a status in this browser's own list, of a job that the server does not have any more. */
export const REMOVED = "removed";

const TERMINAL: readonly string[] = ["completed", "failed", "cancelled", REMOVED];

/** Whether nothing will happen to the job by itself any more. */
export function isTerminal(job: Pick<Job, "status" | "completed_at">): boolean {
  return job.completed_at !== null || isTerminalStatus(job.status);
}

/** The same by the status alone, of a job whose status is known to this version. */
export function isTerminalStatus(status: string): boolean {
  return TERMINAL.includes(status);
}
