import { constants, crc32, deflateRawSync } from "node:zlib";

/** A piece of an output file, plain and compressed. */
export interface FileChunk {
  /** When shared, in the memory of the thread that made it, which fills it anew a few pieces later. */
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
 * Compresses a piece of a file by itself, so that pieces can be compressed at the same time and joined: a
 * sync flush ends each on a whole byte (RFC 1951, 3.2.4), and `DEFLATE_END` ends the whole.
 */
export function fileChunk(plain: Uint8Array, level: number): FileChunk {
  if (plain.length === 0) return { plain, deflated: new Uint8Array(0), crc32: 0 };
  const chunkSize = Math.max(1 << 14, plain.length >> 2);
  const options = { level, memLevel: 9, finishFlush: constants.Z_SYNC_FLUSH, chunkSize };
  return { plain, deflated: new Uint8Array(deflateRawSync(plain, options)), crc32: crc32(plain) };
}

/**
 * Memory that all threads see, used in turn, so that a piece stays as it is while the next ones are made, and
 * is written to a file by another thread without being handed over: that would leave a gigabyte of buffers
 * per million rows to the garbage collector. Pieces are made elsewhere and copied here whole, since small
 * writes to shared memory are slow.
 */
export class SharedPieces {
  readonly #places: Uint8Array<SharedArrayBuffer>[];
  #next = 0;

  /** @param pieces how many pieces may be waiting to be written, the one being made included. */
  constructor(pieces: number) {
    this.#places = Array.from({ length: pieces }, () => new Uint8Array(new SharedArrayBuffer(0)));
  }

  /** The same piece, with its content in shared memory. */
  share(chunk: FileChunk): FileChunk {
    const index = this.#next++ % this.#places.length;
    let place = this.#places[index] as Uint8Array<SharedArrayBuffer>;
    const { length } = chunk.plain;
    if (place.length < length) {
      place = new Uint8Array(new SharedArrayBuffer(Math.ceil(length * 1.2)));
      this.#places[index] = place;
    }
    place.set(chunk.plain);
    return { ...chunk, plain: place.subarray(0, length) };
  }
}

/** An empty last block. */
export const DEFLATE_END = Uint8Array.of(0x03, 0x00);

/** The polynomial of CRC-32, its bits reversed. */
const POLYNOMIAL = 0xedb88320;

type Matrix = readonly number[];

/**
 * The CRC-32 of two pieces joined, from those of the pieces, so that each thread checks its own. Appending n
 * zero bytes multiplies a CRC by a matrix over GF(2), which squaring finds in log n steps; the method is that
 * of `crc32_combine` in zlib.
 * @param secondBytes length of the second piece.
 */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  let crc = first;
  let zeros = ONE_ZERO_BYTE;
  for (let rest = secondBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) crc = times(zeros, crc);
    zeros = squareOf(zeros);
  }
  return (crc ^ second) >>> 0;
}

function times(matrix: Matrix, vector: number): number {
  let product = 0;
  for (let bit = 0, rest = vector; rest !== 0; bit++, rest >>>= 1) {
    if (rest & 1) product ^= matrix[bit] as number;
  }
  return product;
}

const SQUARES = new Map<Matrix, Matrix>();

function squareOf(matrix: Matrix): Matrix {
  const known = SQUARES.get(matrix);
  if (known !== undefined) return known;
  const square = matrix.map((row) => times(matrix, row));
  SQUARES.set(matrix, square);
  return square;
}

const ONE_ZERO_BIT: Matrix = [POLYNOMIAL, ...Array.from({ length: 31 }, (_, bit) => 2 ** bit)];
const ONE_ZERO_BYTE: Matrix = squareOf(squareOf(squareOf(ONE_ZERO_BIT)));
