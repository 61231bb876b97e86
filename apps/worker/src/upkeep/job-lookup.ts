import { DomainError, type Job, type JobId, type QueuePorts } from "@drover/core";

/**
 * Returns the job, `undefined` when there is none, `damaged` when its record cannot be read: what it points
 * at is then unknown, and nothing of it may be removed.
 */
export async function lookUpJob(
  { jobs }: Pick<QueuePorts, "jobs">,
  id: JobId,
): Promise<Job | "damaged" | undefined> {
  try {
    return await jobs.get(id);
  } catch (error) {
    if (error instanceof DomainError && error.code === "job_unreadable") return "damaged";
    throw error;
  }
}
