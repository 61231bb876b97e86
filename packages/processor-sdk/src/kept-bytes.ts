import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { isCompressible } from "./gzip-pieces.js";

/** What is known of an artifact's bytes, and of the file that keeps them. */
export interface KeptBytes {
  /** Of the artifact's own bytes, however the file keeps them; `sha256` and `crc32` likewise. */
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly crc32: number;
  /**
   * The file is one gzip member with a header of 10 bytes, of this length and SHA-256. Absent: it holds the
   * bytes as they are.
   */
  readonly gzip?: { readonly sizeBytes: number; readonly sha256: string };
  /**
   * Time of the last change of the file or its names (ctime) when its digest was known, in ms since the
   * epoch: a later one means other bytes.
   */
  readonly changedAtMs: number;
}

/** Shorter artifacts are kept as they are, whatever they are. */
const SMALL_BYTES = 1 << 10;

/** Whether an artifact of the media type and length is kept as gzip. */
export function isKeptAsGzip(mediaType: string, sizeBytes: number): boolean {
  return sizeBytes >= SMALL_BYTES && isCompressible(mediaType);
}

/** Length, SHA-256 and CRC-32 of bytes that come in pieces. */
export class ByteCount {
  readonly #hash = createHash("sha256");
  sizeBytes = 0;
  crc32 = 0;

  add(bytes: Uint8Array): void {
    this.sizeBytes += bytes.length;
    this.crc32 = crc32(bytes, this.crc32);
    this.#hash.update(bytes);
  }

  /** To be called once, after the last piece. */
  end(): Pick<KeptBytes, "sizeBytes" | "sha256" | "crc32"> {
    return { sizeBytes: this.sizeBytes, sha256: this.#hash.digest("hex"), crc32: this.crc32 };
  }
}
