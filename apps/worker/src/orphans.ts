import { type BlobStore, type Clock, type JobId, parseJobId, type QueuePorts } from "@drover/core";
import { JOBS } from "@drover/job-files";
import type { Confirmed } from "./confirmed.js";
import { lookAtJob } from "./look-at-job.js";

export interface OrphanDeps {
  readonly queue: Pick<QueuePorts, "jobs">;
  readonly blobs: Pick<BlobStore, "list" | "remove">;
  readonly clock: Clock;
  /** Age at which files that belong to no job are removed, in ms. */
  readonly orphanGraceMs: number;
  readonly confirmed: Confirmed;
}

interface AttemptFolder {
  readonly folder: string;
  readonly job: string;
  readonly attempt: number;
  newestAt: number;
}

/**
 * Removes what attempts stored and no job points at: of attempts that lost their lease, died between storing and finishing, or whose job
 * is gone. The folder of a running attempt, the published one and young ones stay. Answers how many folders went.
 */
export async function sweepAttempts(deps: OrphanDeps, signal: AbortSignal): Promise<number> {
  let count = 0;
  // The listing comes before the look at the job: a folder of an attempt that began since is not in it.
  for (const attempt of await listAttempts(deps.blobs)) {
    if (signal.aborted) break;
    if (deps.confirmed.has(attempt.folder)) continue;
    if (deps.clock.now() - attempt.newestAt < deps.orphanGraceMs) continue;
    if (await isOwned(deps, attempt)) {
      deps.confirmed.add(attempt.folder);
    } else {
      await deps.blobs.remove(attempt.folder);
      count += 1;
    }
  }
  return count;
}

/** Key: `jobs/<job>/<attempt>-<random>/<name>`. */
async function listAttempts(blobs: Pick<BlobStore, "list">): Promise<Iterable<AttemptFolder>> {
  const folders = new Map<string, AttemptFolder>();
  for await (const { key, modifiedAt } of blobs.list(JOBS)) {
    const [, job = "", own = ""] = key.split("/");
    const folder = `${JOBS}${job}/${own}`;
    const known = folders.get(folder) ?? { folder, job, attempt: Number.parseInt(own, 10), newestAt: 0 };
    known.newestAt = Math.max(known.newestAt, modifiedAt);
    folders.set(folder, known);
  }
  return folders.values();
}

async function isOwned(
  { queue }: OrphanDeps,
  { folder, job: text, attempt }: AttemptFolder,
): Promise<boolean> {
  const id = idOf(text);
  const job = id === undefined ? undefined : await lookAtJob(queue, id);
  if (job === "damaged") return true;
  if (job === undefined) return false;
  if (job.status === "running") return attempt === job.attempt;
  return job.artifacts.some(({ key }) => key.startsWith(`${folder}/`));
}

function idOf(text: string): JobId | undefined {
  try {
    return parseJobId(text);
  } catch {
    return undefined; // nothing that an attempt made
  }
}
