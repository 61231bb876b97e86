import { DomainError, type Job, type JobId, parseJobId } from "@drover/core";
import { tombstone } from "@drover/job-files";
import type { Deps } from "../deps.js";

/** The job that the path names. Throws `invalid_job_id`, `job_expired` while its tombstone lives, `job_not_found`. */
export async function findJob(idText: string, deps: Pick<Deps, "queue">): Promise<Job> {
  const id = parseJobId(idText);
  return (await deps.queue.jobs.get(id)) ?? (await throwMissing(id, deps));
}

/** Says of a job that is not there whether it expired or never was. The sweeper leaves the tombstone when it removes a job. */
export async function throwMissing(id: JobId, deps: Pick<Deps, "queue">): Promise<never> {
  const expiredAt = await deps.queue.facts.get(tombstone(id));
  if (expiredAt === undefined) throw new DomainError("job_not_found", `No job has the id ${id}.`);
  throw new DomainError("job_expired", `Job ${id} and its files were removed when their retention ended.`, {
    members: { expired_at: expiredAt },
  });
}
