import { DomainError, type Job, type JobId, parseJobId } from "@drover/core";
import { readExpiry } from "@drover/job-files";
import type { Deps } from "../deps.js";

/**
 * A look at Redis and storage that is at most so old, in ms, answers for them; the process looks every 3 s.
 */
export const RECENT_MS = 5_000;

type FindDeps = Pick<Deps, "queue" | "installation" | "tenant" | "seesAll">;

/**
 * The job that the path names.
 * @throws `invalid_job_id`, `job_expired` while its tombstone lives, `job_not_found`, and
 *   `storage_not_shared` when this Redis may be the wrong one to ask.
 */
export async function findJob(idText: string, deps: FindDeps): Promise<Job> {
  const id = parseJobId(idText);
  return (await deps.queue.jobs.get(id)) ?? (await throwMissing(id, deps));
}

/** When a job expired that the caller could see, in RFC 3339; `undefined` for any other. */
export function expiryOf(
  id: JobId,
  { queue, tenant, seesAll }: Pick<Deps, "queue" | "tenant" | "seesAll">,
): Promise<string | undefined> {
  return readExpiry(id, queue.facts, seesAll ? undefined : { tenant });
}

/**
 * Says of a job that is not there whether it expired or never was. The sweeper leaves the tombstone when it
 * removes a job.
 */
export async function throwMissing(id: JobId, deps: FindDeps): Promise<never> {
  const expiredAt = await expiryOf(id, deps);
  if (expiredAt === undefined) await deps.installation.confirm(RECENT_MS);
  if (expiredAt === undefined) throw new DomainError("job_not_found", `No job has the id ${id}.`);
  throw new DomainError("job_expired", `Job ${id} and its files were removed when their retention ended.`, {
    members: { expired_at: expiredAt },
  });
}
