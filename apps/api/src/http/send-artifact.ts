import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Artifact, BlobStore, ByteRange } from "@drover/core";
import type { Request } from "express";
import type { Representation } from "./send-bytes.js";
import { assertStored, openStored } from "./stored-artifact.js";

type Store = Pick<BlobStore, "stat" | "open">;

/**
 * The form of an artifact that answers the request: the stored gzip as it is for a client that takes it, else
 * the artifact's own bytes. A range is of the latter, since whoever asks for one (curl, a download manager)
 * counts them, unless its If-Range names the gzip.
 */
export function representationOf(artifact: Artifact, request: Request, store: Store): Representation {
  const { name: filename, mediaType, gzip } = artifact;
  const shared = {
    ...{ filename, mediaType, isNegotiated: gzip !== undefined },
    assertWhole: () => assertStored(artifact, store),
  };
  const gzipEtag = `"${artifact.sha256}-gzip"`;
  if (gzip !== undefined && takesGzip(request, gzipEtag)) {
    const open = (range: ByteRange) => openStored(artifact, range, store);
    return { ...shared, ...gzip, encoding: "gzip", etag: gzipEtag, open };
  }
  const { sizeBytes, sha256 } = artifact;
  return {
    ...{ ...shared, sizeBytes, sha256, etag: `"${sha256}"` },
    open: (range) =>
      gzip === undefined ? openStored(artifact, range, store) : inflate(artifact, range, store),
  };
}

function takesGzip(request: Request, gzipEtag: string): boolean {
  if (request.get("range") !== undefined && request.get("if-range") !== gzipEtag) return false;
  return request.acceptsEncodings("gzip", "identity") === "gzip";
}

/** The range of an artifact that is stored as gzip: made from the beginning, up to its last byte. */
async function inflate(
  artifact: Artifact,
  range: ByteRange,
  store: Store,
): Promise<AsyncIterable<Uint8Array>> {
  const stored = await openStored(artifact, { start: 0, end: (artifact.gzip?.sizeBytes ?? 0) - 1 }, store);
  const plain = createGunzip({ chunkSize: 1 << 18 });
  pipeline(stored, plain, () => {}); // whoever reads meets the failure
  return cut(plain, range);
}

async function* cut(bytes: AsyncIterable<Uint8Array>, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of bytes) {
    const from = Math.max(0, start - at);
    if (from < chunk.length) yield chunk.subarray(from, end + 1 - at);
    at += chunk.length;
    if (at > end) return;
  }
}
