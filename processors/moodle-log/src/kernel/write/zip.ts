import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** What the archive needs to know of a file that was written. */
export interface PackedFile {
  readonly name: string;
  readonly crc32: number;
  readonly plainBytes: number;
  readonly deflatedBytes: number;
  /** The file's content, compressed as a whole. */
  readonly deflatedPath: string;
}

const UINT32_MAX = 0xffffffff;
const VERSION_ZIP64 = 45;
const FLAG_UTF8 = 0x0800;
const METHOD_DEFLATE = 8;

/**
 * Writes a ZIP archive of files that are compressed already (APPNOTE 6.3.10; ZIP64 where a size or a place
 * needs it).
 * @param modifiedAt shown as each entry's date, in UTC.
 * @param onBytes called with the compressed bytes written so far.
 */
export async function writeZip(
  path: string,
  files: readonly PackedFile[],
  options: {
    readonly modifiedAt: Date;
    readonly signal: AbortSignal;
    readonly onBytes: (bytes: number) => void;
  },
): Promise<void> {
  const archive = await open(path, "wx");
  try {
    const directory: Buffer[] = [];
    let position = 0;
    for (const file of files) {
      directory.push(directoryEntry(file, position, options.modifiedAt));
      position += await put(archive, localHeader(file, options.modifiedAt));
      for await (const chunk of createReadStream(file.deflatedPath, { highWaterMark: 1 << 20 })) {
        options.signal.throwIfAborted();
        position += await put(archive, chunk);
        options.onBytes(position);
      }
    }
    const entries = Buffer.concat(directory);
    await put(archive, entries);
    await put(archive, endOfDirectory({ count: files.length, start: position, bytes: entries.length }));
  } finally {
    await archive.close();
  }
}

async function put(archive: FileHandle, bytes: Buffer): Promise<number> {
  for (let written = 0; written < bytes.length; ) {
    written += (await archive.write(bytes, written)).bytesWritten;
  }
  return bytes.length;
}

function needsZip64(file: PackedFile): boolean {
  return file.plainBytes >= UINT32_MAX || file.deflatedBytes >= UINT32_MAX;
}

function localHeader(file: PackedFile, modifiedAt: Date): Buffer {
  const extra = needsZip64(file) ? zip64Extra([file.plainBytes, file.deflatedBytes]) : Buffer.alloc(0);
  const name = Buffer.from(file.name, "utf8");
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeCommon(header, 4, file, modifiedAt);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra]);
}

function directoryEntry(file: PackedFile, position: number, modifiedAt: Date): Buffer {
  const isFar = position >= UINT32_MAX;
  const values = [
    ...(needsZip64(file) ? [file.plainBytes, file.deflatedBytes] : []),
    ...(isFar ? [position] : []),
  ];
  const extra = values.length > 0 ? zip64Extra(values) : Buffer.alloc(0);
  const name = Buffer.from(file.name, "utf8");
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(VERSION_ZIP64, 4);
  writeCommon(entry, 6, file, modifiedAt);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  entry.writeUInt32LE(isFar ? UINT32_MAX : position, 42);
  return Buffer.concat([entry, name, extra]);
}

/** The fields that a local header and a directory entry share: version needed to the plain size. */
function writeCommon(target: Buffer, at: number, file: PackedFile, modifiedAt: Date): void {
  const isZip64 = needsZip64(file);
  target.writeUInt16LE(VERSION_ZIP64, at);
  target.writeUInt16LE(FLAG_UTF8, at + 2);
  target.writeUInt16LE(METHOD_DEFLATE, at + 4);
  target.writeUInt16LE(dosTime(modifiedAt), at + 6);
  target.writeUInt16LE(dosDate(modifiedAt), at + 8);
  target.writeUInt32LE(file.crc32, at + 10);
  target.writeUInt32LE(isZip64 ? UINT32_MAX : file.deflatedBytes, at + 14);
  target.writeUInt32LE(isZip64 ? UINT32_MAX : file.plainBytes, at + 18);
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8);
  extra.writeUInt16LE(0x0001, 0);
  extra.writeUInt16LE(values.length * 8, 2);
  for (const [index, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + index * 8);
  return extra;
}

function endOfDirectory(directory: {
  readonly count: number;
  readonly start: number;
  readonly bytes: number;
}): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.count, 8);
  end.writeUInt16LE(directory.count, 10);
  end.writeUInt32LE(directory.bytes, 12);
  end.writeUInt32LE(Math.min(directory.start, UINT32_MAX), 16);
  return directory.start >= UINT32_MAX ? Buffer.concat([zip64End(directory), end]) : end;
}

function zip64End(directory: {
  readonly count: number;
  readonly start: number;
  readonly bytes: number;
}): Buffer {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(VERSION_ZIP64, 12);
  record.writeUInt16LE(VERSION_ZIP64, 14);
  record.writeBigUInt64LE(BigInt(directory.count), 24);
  record.writeBigUInt64LE(BigInt(directory.count), 32);
  record.writeBigUInt64LE(BigInt(directory.bytes), 40);
  record.writeBigUInt64LE(BigInt(directory.start), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(directory.start + directory.bytes), 64);
  record.writeUInt32LE(1, 72);
  return record;
}

function dosTime(date: Date): number {
  return (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
}

function dosDate(date: Date): number {
  return ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
}
