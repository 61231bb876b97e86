import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Artifact, BlobStore, ByteRange } from "@drover/core";
import type { Representation } from "./send-bytes.js";
import { assertStored, openStored, storedBytes } from "./stored-artifact.js";
import { layOutZip, lengthOf, type ZipFile, type ZipSegment } from "./zip-layout.js";

/** Artifacts to send as one ZIP. */
export interface Archive {
  readonly filename: string;
  /** Shown as the date of each file; ms since the epoch. */
  readonly modifiedAt: number;
  readonly artifacts: readonly Artifact[];
}

type Store = Pick<BlobStore, "stat" | "open">;

interface PackedArtifact extends ZipFile {
  readonly artifact: Artifact;
}

/** Counts up when the same artifacts make another archive. */
const LAYOUT = 1;
/** Around the deflate stream of a gzip member as they are stored. */
const GZIP_HEADER_BYTES = 10;
const GZIP_TRAILER_BYTES = 8;

/**
 * The ZIP of the artifacts. It is nowhere stored: it is put together from what is, without compressing
 * anything, and its length is known beforehand. Of an artifact whose CRC-32 nobody counted, all bytes are
 * read for it first.
 */
export function representationOfArchive(archive: Archive, store: Store): Representation {
  const { filename, modifiedAt, artifacts } = archive;
  const sizeBytes = sizeOf(layOutZip(artifacts.map(packed), modifiedAt));
  return {
    ...{ filename, sizeBytes, mediaType: "application/zip", etag: etagOf(archive), isNegotiated: false },
    assertWhole: async () => {
      await Promise.all(artifacts.map((artifact) => assertStored(artifact, store)));
    },
    open: async (range) => {
      const counted: Artifact[] = [];
      for (const artifact of artifacts) counted.push(await withCrc(artifact, store));
      return openSegments(layOutZip(counted.map(packed), modifiedAt), range, store);
    },
  };
}

/** Not of the form of an artifact's own tag: it is no digest of the bytes. */
function etagOf({ modifiedAt, artifacts }: Archive): string {
  const contents = artifacts.map(({ name, sha256, gzip }) => [name, sha256, gzip?.sha256]);
  const hash = createHash("sha256").update(JSON.stringify([LAYOUT, modifiedAt, contents]));
  return `"zip-${hash.digest("base64url")}"`;
}

function packed(artifact: Artifact): PackedArtifact {
  const around = artifact.gzip === undefined ? 0 : GZIP_HEADER_BYTES + GZIP_TRAILER_BYTES;
  return {
    artifact,
    name: artifact.name,
    crc32: artifact.crc32 ?? 0,
    plainBytes: artifact.sizeBytes,
    storedBytes: storedBytes(artifact) - around,
    isDeflated: artifact.gzip !== undefined,
  };
}

function sizeOf(segments: readonly ZipSegment<ZipFile>[]): number {
  return segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
}

async function withCrc(artifact: Artifact, store: Store): Promise<Artifact> {
  if (artifact.crc32 !== undefined || artifact.sizeBytes === 0) return artifact;
  let crc = 0;
  const bytes = await openStored(artifact, { start: 0, end: artifact.sizeBytes - 1 }, store);
  for await (const chunk of bytes) crc = crc32(chunk, crc);
  return { ...artifact, crc32: crc };
}

type Part = Uint8Array | AsyncIterable<Uint8Array>;

/** Everything that the range touches is opened at once, so that a removal meanwhile does not break it off. */
async function openSegments(
  segments: readonly ZipSegment<PackedArtifact>[],
  range: ByteRange,
  store: Store,
): Promise<AsyncIterable<Uint8Array>> {
  const parts: Part[] = [];
  let at = 0;
  try {
    for (const segment of segments) {
      const length = lengthOf(segment);
      const start = Math.max(0, range.start - at);
      const end = Math.min(length - 1, range.end - at);
      at += length;
      if (start > end) continue;
      if ("contentOf" in segment) parts.push(await openContent(segment.contentOf, { start, end }, store));
      else parts.push(segment.subarray(start, end + 1));
    }
  } catch (error) {
    await release(parts);
    throw error;
  }
  return joined(parts);
}

function openContent(
  { artifact, isDeflated }: PackedArtifact,
  { start, end }: ByteRange,
  store: Store,
): Promise<AsyncIterable<Uint8Array>> {
  const skipped = isDeflated ? GZIP_HEADER_BYTES : 0;
  return openStored(artifact, { start: start + skipped, end: end + skipped }, store);
}

async function* joined(parts: readonly Part[]): AsyncGenerator<Uint8Array> {
  const left = [...parts];
  try {
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      if (part instanceof Uint8Array) yield part;
      else yield* part;
    }
  } finally {
    await release(left);
  }
}

/** What was opened is closed by reading a little of it and leaving. */
async function release(parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    if (part instanceof Uint8Array) continue;
    const bytes = part[Symbol.asyncIterator]();
    await bytes.next().catch(() => {}); // it was not wanted any more
    await bytes.return?.();
  }
}
