import {
  type BlobStore,
  DomainError,
  type EventSink,
  isJobId,
  isTerminal,
  type Job,
  type JobId,
  type QueuePorts,
} from "@drover/core";
import {
  expiredFact,
  inputFolder,
  isBuried,
  JOBS,
  jobFolder,
  readManifest,
  readTombstone,
  TOMBSTONES,
  type Tombstone,
  unbury,
} from "@drover/job-files";
import { type CheckedFolders, type FolderListing, foldersOf, measured, type Part, Walk } from "./walk.js";

export interface OrphanDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "facts" | "clock">;
  readonly blobs: Pick<BlobStore, "list" | "remove" | "open">;
  /** Age at which files that nobody points at are removed, in ms. */
  readonly orphanGraceMs: number;
  readonly retentionMs: { readonly completed: number; readonly failed: number };
  readonly confirmed: CheckedFolders;
  /** The time that the store stamps files with now, ms since the epoch. */
  readonly fileNow: () => number;
  readonly events?: EventSink;
}

/**
 * Removes what attempts stored and no job points at: of attempts that lost their lease or died between
 * storing and finishing, after the grace; of jobs that nobody knows, after the longest retention, because
 * that Redis does not know a job is no proof that there is none. The folder of a running attempt, the
 * published one and young ones stay.
 * @returns how many folders went.
 */
export function createArtifactPart(deps: OrphanDeps): Part<number> {
  const onEnd = (bytes: number) => deps.events?.emit("store.seen", { kind: "artifacts", bytes });
  // jobs/<job>/<attempt>-<random>/<name>
  const walk = new Walk(() => measured(foldersOf(deps.blobs.list(JOBS), 3), onEnd), deps.orphanGraceMs);
  return {
    close: () => walk.close(),
    async run(slice) {
      let count = 0;
      // The listing comes before the look at the job: a folder of an attempt that began since is not in it.
      await walk.go(slice, async (listing) => {
        const ageMs = deps.fileNow() - listing.newestAt;
        if (deps.confirmed.has(listing.folder) || ageMs < deps.orphanGraceMs) return;
        const keptMs = await graceOf(deps, listing);
        if (ageMs < keptMs) return deps.confirmed.add(listing.folder);
        await deps.blobs.remove(listing.folder);
        count += 1;
      });
      return count;
    },
  };
}

/** Age at which the folder may go, in ms. */
async function graceOf(deps: OrphanDeps, { folder }: FolderListing): Promise<number> {
  const { queue, blobs, retentionMs, orphanGraceMs } = deps;
  const [, id = "", own = ""] = folder.split("/");
  if (!isJobId(id)) return orphanGraceMs; // nothing that an attempt made
  const job = await lookUpJob(queue, id);
  if (job === "damaged") return Number.POSITIVE_INFINITY; // what it points at is not known
  if (job === undefined) {
    const isOver =
      (await queue.facts.get(expiredFact(id))) !== undefined || (await isBuried({ id, createdAt: 0 }, blobs));
    return isOver ? orphanGraceMs : Math.max(orphanGraceMs, retentionMs.completed, retentionMs.failed);
  }
  if (job.status === "running" && Number.parseInt(own, 10) === job.attempt) return Number.POSITIVE_INFINITY;
  const isPublished = (artifacts: readonly { readonly key: string }[] = []) =>
    artifacts.some(({ key }) => key.startsWith(`${folder}/`));
  if (isPublished(job.artifacts)) return Number.POSITIVE_INFINITY;
  // Redis may have forgotten the end that points here, and be about to be told.
  const manifest = await readManifest(job.input.key, blobs);
  return isPublished(manifest?.settled?.artifacts) ? Number.POSITIVE_INFINITY : orphanGraceMs;
}

export interface TombstoneDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "clock">;
  readonly blobs: BlobStore;
  readonly orphanGraceMs: number;
  readonly retentionMs: { readonly completed: number; readonly failed: number };
  readonly confirmed: CheckedFolders;
}

/** A tombstone outlives everything that could come back by this much, in ms. */
const MARGIN_MS = 24 * 3_600_000;

/**
 * Removes deleted jobs that came back, what a delete that died has left, and tombstones that are old; returns
 * how many jobs that were.
 */
export function createTombstonePart(deps: TombstoneDeps): Part<number> {
  const walk = new Walk(() => deps.blobs.list(TOMBSTONES), deps.orphanGraceMs);
  const livesMs = Math.max(deps.retentionMs.completed, deps.retentionMs.failed) + MARGIN_MS;
  return {
    close: () => walk.close(),
    async run(slice) {
      let count = 0;
      await walk.go(slice, async ({ key }) => {
        if (deps.confirmed.has(key)) return;
        const stone = await readTombstone(key.slice(TOMBSTONES.length, -".json".length), deps.blobs);
        if (stone === undefined) return;
        if (deps.queue.clock.now() - stone.at > livesMs) return unbury(stone.id, deps.blobs);
        const found = await eraseBuried(stone, deps);
        if (found === "erased") count += 1;
        if (found !== "runs") deps.confirmed.add(key);
      });
      return count;
    },
  };
}

/** Erases what is left or came back of a deleted job. A job of its id that was made later is another one. */
export async function eraseBuried(
  stone: Tombstone,
  { queue, blobs }: Pick<TombstoneDeps, "blobs"> & { readonly queue: Pick<QueuePorts, "jobs"> },
): Promise<"erased" | "nothing" | "runs"> {
  const found = await lookUpJob(queue, stone.id);
  if (found === "damaged") await queue.jobs.remove(stone.id);
  const job = found === "damaged" ? undefined : found;
  const isLater = job !== undefined && job.createdAt > stone.at;
  if (job !== undefined && !isLater) {
    if (!isTerminal(job.status)) await queue.jobs.cancel(stone.id);
    if (!(await queue.jobs.remove(stone.id))) return "runs"; // its worker ends it; the next look removes it
    await blobs.remove(inputFolder(job.input.key));
  }
  if (stone.inputKey !== null) await blobs.remove(inputFolder(stone.inputKey));
  if (!isLater) await blobs.remove(jobFolder(stone.id));
  return found !== undefined && !isLater ? "erased" : "nothing";
}

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
