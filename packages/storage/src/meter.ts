import { createHash } from "node:crypto";
import { type BlobInfo, DomainError } from "@drover/core";

/** Counts, limits and hashes the bytes that flow through it. For one stream. */
export interface Meter {
  /** The same chunks, unchanged. Throws `file_too_large` as soon as more than `maxBytes` have come, before it passes on the chunk that is too much. */
  through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
  /** Size and digest of what has passed; final, so to be called once, at the end. */
  total(): BlobInfo;
}

/** A meter with nothing counted yet. `maxBytes` defaults to no limit; a file of exactly `maxBytes` passes. */
export function meter(options: { readonly maxBytes?: number | undefined } = {}): Meter {
  const maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
  const hash = createHash("sha256");
  let sizeBytes = 0;
  return {
    async *through(source) {
      for await (const chunk of source) {
        sizeBytes += chunk.byteLength;
        if (sizeBytes > maxBytes) {
          throw new DomainError("file_too_large", `The file is larger than the ${maxBytes} bytes allowed.`);
        }
        hash.update(chunk);
        yield chunk;
      }
    },
    total: () => ({ sizeBytes, sha256: hash.digest("hex") }),
  };
}
