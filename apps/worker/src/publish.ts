import { lstat } from "node:fs/promises";
import { sep } from "node:path";
import type { Artifact, BlobStore, Outcome } from "@drover/core";
import type { WrittenArtifact } from "@drover/processor-sdk";
import { failed } from "./outcome.js";
import type { RunEnd } from "./runner/runner.js";

/** Most artifacts of a job: their list travels in the job's return value. */
const MAX_ARTIFACTS = 200;

export interface Publication {
  readonly end: Extract<RunEnd, { kind: "returned" }>;
  /** Local folder that every artifact lies in. */
  readonly source: string;
  /** Folder in the store, private to the attempt. */
  readonly target: string;
}

/**
 * Moves the artifacts of a returned attempt into the store and answers the outcome that points at them. The pointer is the publication:
 * until the queue records it, nobody looks there. An artifact that cannot be published makes the attempt a permanent failure. Throws
 * what the store throws; the caller then removes the target folder.
 */
export async function publish(blobs: BlobStore, { end, source, target }: Publication): Promise<Outcome> {
  if (end.artifacts.length > MAX_ARTIFACTS) {
    const message = `The processor wrote ${end.artifacts.length} artifacts; at most ${MAX_ARTIFACTS} are kept.`;
    return failed("processor_error", message, { retryable: false });
  }
  for (const artifact of end.artifacts) {
    if (!(await isPublishable(artifact, source))) {
      const message = `Artifact ${artifact.name} is not the regular, finished file that the processor named.`;
      return failed("processor_error", message, { retryable: false });
    }
  }
  const artifacts: Artifact[] = [];
  for (const artifact of end.artifacts) {
    const { name, path, mediaType, isPrimary, sizeBytes, sha256 } = artifact;
    const key = `${target}/${name}`;
    await blobs.adopt(key, path);
    artifacts.push({ name, key, sizeBytes, mediaType, sha256, isPrimary });
  }
  return { kind: "completed", result: end.result, artifacts };
}

/** The processor had the last word on that folder: a link would publish a file of the host, a changed size a checksum that is wrong. */
async function isPublishable(artifact: WrittenArtifact, source: string): Promise<boolean> {
  if (!artifact.path.startsWith(source + sep)) return false;
  const found = await lstat(artifact.path).catch(() => undefined);
  return found?.isFile() === true && found.size === artifact.sizeBytes;
}
