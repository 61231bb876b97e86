import {
  type BlobStore,
  type ErasedJob,
  type Job,
  type JobRef,
  keptFrom,
  type QueuePorts,
} from "@drover/core";
import { inputFolder, jobFolder, noteExpiry } from "@drover/job-files";
import { type Slice, tryEntry } from "./walk.js";

export interface RetentionDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "finished" | "facts" | "catalogue" | "clock" | "use">;
  readonly blobs: Pick<BlobStore, "remove">;
  /** How long finished jobs are kept, in ms. `failed` includes cancelled. */
  readonly retentionMs: { readonly completed: number; readonly failed: number };
  /** Processors that are swept whether or not the catalogue knows them. */
  readonly processors: readonly string[];
}

/** Jobs that are looked up at a time. */
const PAGE = 100;

/**
 * Removes the jobs whose retention ended, with their files, and returns how many. Mends the count of the bytes
 * that jobs take.
 *
 * The job goes first, in one step that a person's retry either comes before or after: nobody is told that a
 * job will run again which is then gone, and no job that will run loses its files. The queue remembers that
 * it expired, so a sweep that dies between job and files leaves files that reconcile knows to belong to
 * nobody.
 */
export async function expireJobs(deps: RetentionDeps, slice: Slice): Promise<number> {
  const { processors } = await deps.queue.catalogue.read();
  const names = new Set([...deps.processors, ...processors.map(({ name }) => name)]);
  let count = 0;
  for (const processor of names) {
    await deps.queue.use.mend(processor);
    for (const status of ["completed", "failed"] as const) {
      count += await expireJobsOf(deps, processor, status, slice);
    }
  }
  return count;
}

async function expireJobsOf(
  deps: RetentionDeps,
  processor: string,
  status: "completed" | "failed",
  slice: Slice,
): Promise<number> {
  const before = deps.queue.clock.now() - deps.retentionMs[status];
  let count = 0;
  for (let isMore = true; isMore && !slice.signal.aborted; ) {
    await slice.mayGoOn();
    const ids = await deps.queue.finished.finishedBefore(processor, status, before, PAGE);
    let removed = 0;
    for (const id of ids) {
      await tryEntry(slice.log, id, async () => {
        if (await expireJob(deps, { id, processor }, before)) removed += 1;
      });
    }
    count += removed;
    isMore = ids.length === PAGE && removed > 0;
  }
  return count;
}

/** False when the job is not to be removed after all: it was retried by a person. */
async function expireJob(deps: RetentionDeps, ref: JobRef, before: number): Promise<boolean> {
  const { jobs, finished } = deps.queue;
  // One that cannot be read expires like any other.
  const job = await jobs.get(ref.id).catch(() => undefined);
  const erased = await finished.expire(ref, before);
  if (erased === undefined) return false;
  await removeExpired(deps, { ...ref, ...erased }, job);
  return true;
}

/** What is left of a job that the queue has erased because it expired. */
export async function removeExpired(
  {
    queue,
    blobs,
    retentionMs,
  }: Pick<RetentionDeps, "blobs" | "retentionMs"> & {
    readonly queue: Pick<QueuePorts, "facts" | "clock">;
  },
  { id, tenant }: JobRef & ErasedJob,
  job: Pick<Job, "status" | "finishedAt" | "input" | "importedAt"> | undefined,
): Promise<void> {
  const keptMs = job?.status === "completed" ? retentionMs.completed : retentionMs.failed;
  const expiredAt = job?.finishedAt == null ? queue.clock.now() : keptFrom(job, job.finishedAt) + keptMs;
  await noteExpiry({ id, tenant }, expiredAt, queue.facts);
  await blobs.remove(jobFolder(id));
  // Last: its manifest leads the next sweep to what is left.
  if (job !== undefined) await blobs.remove(inputFolder(job.input.key));
}
