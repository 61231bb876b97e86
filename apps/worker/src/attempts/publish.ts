import type { Artifact, BlobStore, Outcome } from "@drover/core";
import type { WrittenArtifact } from "@drover/processor-sdk";
import { MAX_ARTIFACTS, MAX_RESULT_BYTES } from "../children/messages.js";
import type { RunEnd } from "../children/runner.js";
import type { HeldFolder } from "./folder-handle.js";
import { type Failed, failed } from "./outcome.js";

/** A file name without a path; what the SDK accepts. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Printable ASCII: it becomes a header. */
const MEDIA_TYPE = /^[\x20-\x7e]{1,255}$/;

export interface Publication {
  readonly end: Extract<RunEnd, { kind: "returned" }>;
  /** The attempt's own folder, held since before the processor ran; the artifacts lie in its `artifacts`. */
  readonly source: HeldFolder;
  /** Folder in the store, private to the attempt. */
  readonly target: string;
}

/**
 * Moves the artifacts of a returned attempt into the store and answers the outcome that points at them. The pointer is the publication:
 * until the queue records it, nobody looks there. An artifact that cannot be published makes the attempt a permanent failure. Throws
 * what the store throws; the caller then removes the target folder.
 *
 * The processor had the last word on its folder. So no link is followed on the way to a file, and each file is a plain one, on the folder's
 * file system, with a single name, of the size it was reported with, and not changed since it was hashed. What remains: code of a
 * processor that lives on and still holds a file open for writing can change its bytes afterwards; a download then misses its digest.
 */
export async function publish(
  blobs: Pick<BlobStore, "adopt">,
  { end, source, target }: Publication,
): Promise<Outcome> {
  if (end.artifacts.length > MAX_ARTIFACTS)
    return refused(
      `The processor wrote ${end.artifacts.length} artifacts; at most ${MAX_ARTIFACTS} are kept.`,
    );
  // The child has looked already; this is for one that did not.
  if (Buffer.byteLength(JSON.stringify(end.result) ?? "null") > MAX_RESULT_BYTES)
    return refused(
      `The result has more than ${MAX_RESULT_BYTES} bytes as JSON. Write the rest to an artifact.`,
    );
  if (end.artifacts.length === 0) return { kind: "completed", result: end.result, artifacts: [] };
  const folder = await source.open("artifacts").catch(() => undefined);
  if (folder === undefined) return refused("The processor replaced the folder of its artifacts.");
  try {
    for (const artifact of end.artifacts) {
      if (await isPublishable(artifact, folder, source.device)) continue;
      return refused(
        `Artifact ${artifact.name.slice(0, 128)} is not the regular, finished file that the processor named.`,
      );
    }
    const artifacts: Artifact[] = [];
    for (const { name, mediaType, isPrimary, sizeBytes, sha256 } of end.artifacts) {
      const key = `${target}/${name}`;
      await blobs.adopt(key, folder.pathOf(name));
      artifacts.push({ name, key, sizeBytes, mediaType, sha256, isPrimary });
    }
    return { kind: "completed", result: end.result, artifacts };
  } catch (error) {
    // The store looks again, at the very file that it moves.
    if (error instanceof TypeError)
      return refused("The processor changed its artifacts after it had returned.");
    throw error;
  } finally {
    await folder.close();
  }
}

function refused(message: string): Failed {
  return failed("processor_error", message, { retryable: false });
}

async function isPublishable(
  { name, mediaType, sizeBytes, changedAtMs }: WrittenArtifact,
  folder: HeldFolder,
  device: number,
): Promise<boolean> {
  if (!NAME.test(name) || !MEDIA_TYPE.test(mediaType)) return false;
  const found = await folder.lstat(name).catch(() => undefined);
  return (
    found?.isFile() === true &&
    found.nlink === 1 &&
    found.dev === device &&
    found.size === sizeBytes &&
    found.ctimeMs === changedAtMs
  );
}
