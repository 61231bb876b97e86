import { promisify } from "node:util";
import { constants, deflateRaw } from "node:zlib";

/** Fastest: on tables and XML a higher level takes twice the time for a tenth less. */
const LEVEL = 1;
const deflate = promisify<Uint8Array, object, Buffer>(deflateRaw);

/**
 * Begins a gzip member (RFC 1952, section 2.3). No name and no time, so that the same bytes make the same
 * file; always 10 bytes, after which the deflate stream begins, so that it can be found without reading.
 */
export const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/**
 * Compresses a piece of a file on a thread, by itself, so that several are compressed at the same time and
 * then joined: a sync flush ends each on a whole byte (RFC 1951, section 3.2.4), and `gzipEnd` ends the last.
 */
export function deflatePiece(plain: Uint8Array): Promise<Uint8Array> {
  const chunkSize = Math.max(1 << 12, plain.length >> 1); // seldom more than one round to the thread
  return deflate(plain, { level: LEVEL, memLevel: 9, finishFlush: constants.Z_SYNC_FLUSH, chunkSize });
}

/** An empty last block, and the trailer of 8 bytes: the CRC-32 and the length modulo 2^32. */
export function gzipEnd(crc32: number, sizeBytes: number): Uint8Array {
  const end = Buffer.from([0x03, 0x00, 0, 0, 0, 0, 0, 0, 0, 0]);
  end.writeUInt32LE(crc32, 2);
  end.writeUInt32LE(sizeBytes % 2 ** 32, 6);
  return end;
}

/**
 * Text in one form or another. Everything else counts as compressed already or as unknown: what gains nothing
 * would only be slower to read.
 */
const COMPRESSIBLE =
  /^(?:text\/.+|.+\+(?:json|xml|text|yaml)|application\/(?:x-)?(?:csv|javascript|json|ndjson|jsonl|sql|toml|xml|yaml))$/;

/** Whether bytes of the media type, which may carry parameters, usually shrink. */
export function isCompressible(mediaType: string): boolean {
  return COMPRESSIBLE.test((mediaType.split(";")[0] ?? "").trim().toLowerCase());
}
