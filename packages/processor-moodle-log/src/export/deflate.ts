import { constants, deflateRawSync } from "node:zlib";

/** A piece of an output file, plain and compressed. */
export interface FileChunk {
  readonly plain: Uint8Array<ArrayBuffer>;
  /** A run of whole deflate blocks, none of them the last, ending on a byte. */
  readonly deflated: Uint8Array<ArrayBuffer>;
  readonly rows: number;
}

/** Levels of deflate: on these files 1 is fastest for CSV, and 3 is as fast as 1 and smaller for XES. */
export const CSV_LEVEL = 1;
export const XES_LEVEL = 3;

/**
 * Compresses a piece of a file by itself, so that pieces can be compressed at the same time and joined: a sync flush ends each on a whole
 * byte (RFC 1951, 3.2.4), and `DEFLATE_END` ends the whole.
 */
export function deflateChunk(plain: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  if (plain.length === 0) return new Uint8Array(0);
  return new Uint8Array(
    deflateRawSync(plain, { level, memLevel: 9, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 256 << 10 }),
  );
}

/** An empty last block. */
export const DEFLATE_END = Uint8Array.of(0x03, 0x00);
