import { type Artifact, type BlobStore, type ByteRange, DomainError } from "@drover/core";

/** Length of the artifact's blob. */
export function storedBytes(artifact: Artifact): number {
  return (artifact.gzip ?? artifact).sizeBytes;
}

/** @throws {artifact_not_found} unless the store has as many bytes of the artifact as were published. */
export async function assertStored(artifact: Artifact, store: Pick<BlobStore, "stat">): Promise<void> {
  const found = await store.stat(artifact.key);
  if (found === undefined) throw gone(artifact);
  const expected = storedBytes(artifact);
  if (found.sizeBytes === expected) return;
  throw new DomainError(
    "artifact_not_found",
    `The stored bytes of ${artifact.name} are damaged: ${found.sizeBytes} of ${expected} are there.`,
  );
}

/**
 * These of the artifact's stored bytes. They have to be read.
 * @throws {artifact_not_found} when they are gone.
 */
export async function openStored(
  artifact: Artifact,
  range: ByteRange,
  store: Pick<BlobStore, "open">,
): Promise<AsyncIterable<Uint8Array>> {
  const bytes = await store.open(artifact.key, range);
  if (bytes === undefined) throw gone(artifact);
  return bytes;
}

function gone({ name }: Artifact): DomainError {
  return new DomainError("artifact_not_found", `The bytes of ${name} are no longer stored.`);
}
