import type { Attempt, BlobStore, JobEnd, Outcome } from "@drover/core";
import { isBuried, readManifest, writeManifest } from "@drover/job-files";

/**
 * The outcome that the files know of a job that Redis wants to run: it had ended, or a person had deleted it, and Redis forgot. `undefined`
 * when it has to run: no end is known, or a person's retry undid it, or artifacts of it are gone.
 */
export async function settledOutcome(
  { request, reopenedEnd }: Attempt,
  blobs: Pick<BlobStore, "open" | "put" | "stat">,
): Promise<Outcome | undefined> {
  if (await isBuried(request, blobs)) return { kind: "cancelled" };
  const manifest = await readManifest(request.input.key, blobs);
  const end = manifest?.settled ?? null;
  if (manifest === undefined || end === null || manifest.request.id !== request.id) return undefined;
  if ((reopenedEnd ?? 0) < end.at) return outcomeOf(end, blobs);
  // The end was written down after the retry was granted: it must not be taken for the end of this run.
  await writeManifest({ version: 1, request, settled: null, reopenedEnd: end.at }, blobs);
  return undefined;
}

async function outcomeOf(end: JobEnd, blobs: Pick<BlobStore, "stat">): Promise<Outcome | undefined> {
  const { status, result, artifacts, error } = end;
  if (status === "cancelled") return { kind: "cancelled" };
  if (status === "failed") return error === null ? undefined : { kind: "failed", ...error, retryable: false };
  const found = await Promise.all(artifacts.map(({ key }) => blobs.stat(key)));
  return found.includes(undefined) ? undefined : { kind: "completed", result, artifacts };
}
