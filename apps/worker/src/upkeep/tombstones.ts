import { type BlobStore, isTerminal, type QueuePorts } from "@drover/core";
import { inputFolder, jobFolder, readTombstone, TOMBSTONES, type Tombstone, unbury } from "@drover/job-files";
import type { CheckedFolders } from "./checked-folders.js";
import { lookUpJob } from "./job-lookup.js";
import { type Part, Walk } from "./walk.js";

export interface TombstoneDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "clock">;
  readonly blobs: BlobStore;
  readonly retentionMs: { readonly completed: number; readonly failed: number };
  readonly confirmed: CheckedFolders;
}

/** A tombstone outlives everything that could come back by this much, in ms. */
const MARGIN_MS = 24 * 3_600_000;

/** Removes deleted jobs that came back, what a delete that died has left, and tombstones that are old; answers how many jobs that were. */
export function createTombstonePart(deps: TombstoneDeps): Part<number> {
  const walk = new Walk(() => deps.blobs.list(TOMBSTONES));
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
