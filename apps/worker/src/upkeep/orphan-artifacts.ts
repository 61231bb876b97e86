import { type BlobStore, isJobId, type QueuePorts } from "@drover/core";
import { expiredFact, isBuried, JOBS, readManifest } from "@drover/job-files";
import type { CheckedFolders } from "./checked-folders.js";
import { lookUpJob } from "./job-lookup.js";
import { type FolderListing, foldersOf, type Part, Walk } from "./walk.js";

export interface OrphanDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "facts" | "clock">;
  readonly blobs: Pick<BlobStore, "list" | "remove" | "open">;
  /** Age at which files that nobody points at are removed, in ms. */
  readonly orphanGraceMs: number;
  readonly retentionMs: { readonly completed: number; readonly failed: number };
  readonly confirmed: CheckedFolders;
  /** The time that the store stamps files with now, ms since the epoch. */
  readonly fileNow: () => number;
}

/**
 * Removes what attempts stored and no job points at: of attempts that lost their lease or died between storing and finishing, after the
 * grace; of jobs that nobody knows, after the longest retention, because that Redis does not know a job is no proof that there is none.
 * The folder of a running attempt, the published one and young ones stay. Answers how many folders went.
 */
export function createArtifactPart(deps: OrphanDeps): Part<number> {
  const walk = new Walk(() => foldersOf(deps.blobs.list(JOBS), 3)); // jobs/<job>/<attempt>-<random>/<name>
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
