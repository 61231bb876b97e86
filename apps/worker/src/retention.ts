import { type BlobStore, type Clock, isTerminal, type JobId, type QueuePorts } from "@drover/core";
import { inputFolder, jobFolder, tombstone } from "@drover/job-files";
import { lookAtJob } from "./look-at-job.js";

export interface RetentionDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "finished" | "facts" | "catalogue">;
  readonly blobs: Pick<BlobStore, "remove">;
  readonly clock: Clock;
  /** How long finished jobs are kept, in ms. `failed` includes cancelled. */
  readonly retentionMs: { readonly completed: number; readonly failed: number };
  /** Processors that are swept whether or not the catalogue knows them. */
  readonly processors: readonly string[];
}

/** How long it is known that a job expired. */
const TOMBSTONE_TTL_MS = 30 * 24 * 3_600_000;
/** Jobs that are looked up at a time. */
const PAGE = 100;

/**
 * Removes the jobs whose retention ended, with their files; answers how many.
 *
 * The tombstone comes first, then the files, the job last: a sweep that dies anywhere in between leaves a job that the next one finds
 * again, and whoever sees files without their job sees the tombstone too and does not take the job for lost. Each step can be
 * repeated, so that two sweeps at once do no harm.
 */
export async function expireJobs(deps: RetentionDeps, signal: AbortSignal): Promise<number> {
  const { processors } = await deps.queue.catalogue.read();
  const names = new Set([...deps.processors, ...processors.map(({ name }) => name)]);
  let count = 0;
  for (const processor of names) {
    for (const status of ["completed", "failed"] as const) {
      count += await expireJobsOf(deps, processor, status, signal);
    }
  }
  return count;
}

async function expireJobsOf(
  deps: RetentionDeps,
  processor: string,
  status: "completed" | "failed",
  signal: AbortSignal,
): Promise<number> {
  const before = deps.clock.now() - deps.retentionMs[status];
  let count = 0;
  while (!signal.aborted) {
    const ids = await deps.queue.finished.finishedBefore(processor, status, before, PAGE);
    let removed = 0;
    for (const id of ids) if (await expireJob(deps, id, before)) removed += 1;
    count += removed;
    if (ids.length < PAGE || removed === 0) break;
  }
  return count;
}

/** False when the job is not to be removed after all: it was retried by a person, or removed by another sweep. */
async function expireJob(deps: RetentionDeps, id: JobId, before: number): Promise<boolean> {
  const { jobs, facts } = deps.queue;
  const job = await lookAtJob(deps.queue, id);
  if (job === "damaged") {
    // Its place among the finished ones says that its time is over; the sweep of inputs finds the tombstone.
    await facts.set(tombstone(id), new Date(deps.clock.now()).toISOString(), TOMBSTONE_TTL_MS);
    await deps.blobs.remove(jobFolder(id));
    return jobs.remove(id);
  }
  if (job === undefined || !isTerminal(job.status) || job.finishedAt === null || job.finishedAt >= before) {
    return false;
  }
  const retentionMs = job.status === "completed" ? deps.retentionMs.completed : deps.retentionMs.failed;
  const expiredAt = new Date(job.finishedAt + retentionMs).toISOString();
  await facts.set(tombstone(id), expiredAt, TOMBSTONE_TTL_MS);
  await deps.blobs.remove(jobFolder(id));
  await deps.blobs.remove(inputFolder(job.input.key));
  return jobs.remove(id);
}
