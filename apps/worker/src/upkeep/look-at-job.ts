import { DomainError, type Job, type JobId, type QueuePorts } from "@drover/core";

/** The job; `undefined` for none, `damaged` when its record cannot be read: what it points at is not known then, so nothing of it is judged. */
export async function lookAtJob(
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
