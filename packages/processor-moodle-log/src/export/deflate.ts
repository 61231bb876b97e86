import { constants, crc32, deflateRawSync } from "node:zlib";
import { ByteWriter } from "../bytes/byte-writer.js";

const INITIAL_BYTES = 256 << 10;

/** A piece of an output file, plain and compressed. */
export interface FileChunk {
  /** In the memory of the thread that made it, which fills it anew a few pieces later. */
  readonly plain: Uint8Array;
  /** A run of whole deflate blocks, none of them the last, ending on a byte. */
  readonly deflated: Uint8Array<ArrayBuffer>;
  /** Of `plain`. */
  readonly crc32: number;
}

/** The same piece of both files of a kind: all events, and those with a Bloom level. */
export interface ChunkPair {
  readonly full: FileChunk;
  readonly bloom: FileChunk;
  readonly rows: number;
}

/** Levels of deflate: on these files 1 is fastest for CSV, and 3 is as fast as 1 and smaller for XES. */
export const CSV_LEVEL = 1;
export const XES_LEVEL = 3;

/**
 * Compresses a piece of a file by itself, so that pieces can be compressed at the same time and joined: a sync flush ends each on a whole
 * byte (RFC 1951, 3.2.4), and `DEFLATE_END` ends the whole.
 */
export function fileChunk(plain: Uint8Array, level: number): FileChunk {
  if (plain.length === 0) return { plain, deflated: new Uint8Array(0), crc32: 0 };
  const chunkSize = Math.max(1 << 14, plain.length >> 2);
  const options = { level, memLevel: 9, finishFlush: constants.Z_SYNC_FLUSH, chunkSize };
  return { plain, deflated: new Uint8Array(deflateRawSync(plain, options)), crc32: crc32(plain) };
}

/** Pairs of writers that are used in turn, so that a piece stays as it is while the next ones are made. */
export class WriterRing {
  readonly #pairs: readonly { readonly full: ByteWriter; readonly bloom: ByteWriter }[];
  #next = 0;

  /** @param pieces how many pieces may be waiting to be written, the one being made included. */
  constructor(pieces: number) {
    this.#pairs = Array.from({ length: pieces }, () => ({
      full: new ByteWriter(INITIAL_BYTES),
      bloom: new ByteWriter(INITIAL_BYTES),
    }));
  }

  /** The next pair, cleared. */
  take(): { readonly full: ByteWriter; readonly bloom: ByteWriter } {
    const pair = this.#pairs[this.#next++ % this.#pairs.length] as { full: ByteWriter; bloom: ByteWriter };
    pair.full.clear();
    pair.bloom.clear();
    return pair;
  }
}

/** An empty last block. */
export const DEFLATE_END = Uint8Array.of(0x03, 0x00);
