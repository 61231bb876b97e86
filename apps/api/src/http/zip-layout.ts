/** A file of an archive, whose content is stored already, compressed or not. */
export interface ZipFile {
  /** ASCII or UTF-8, with "/" between folders. */
  readonly name: string;
  /** Of the plain bytes. */
  readonly crc32: number;
  readonly plainBytes: number;
  /** As they stand in the archive: a whole deflate stream, or the plain bytes. */
  readonly storedBytes: number;
  readonly isDeflated: boolean;
}

/** A stretch of an archive: bytes that are known, or the content of one of its files. */
export type ZipSegment<File extends ZipFile> = Uint8Array | { readonly contentOf: File };

const UINT32_MAX = 0xffffffff;
const VERSION = 20; // deflate
const VERSION_ZIP64 = 45;
const FLAG_UTF8 = 0x0800;
const METHOD_STORED = 0;
const METHOD_DEFLATE = 8;

/**
 * The segments of a ZIP archive, in order (APPNOTE 6.3.10; ZIP64 where a size or a place needs it). Their
 * lengths do not depend on the checksums.
 * @param files at most 65,534.
 * @param modifiedAt shown as each file's date, in UTC; ms since the epoch.
 */
export function layOutZip<File extends ZipFile>(
  files: readonly File[],
  modifiedAt: number,
): readonly ZipSegment<File>[] {
  const segments: ZipSegment<File>[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const file of files) {
    directory.push(directoryEntry(file, position, modifiedAt));
    const header = localHeader(file, modifiedAt);
    segments.push(header, { contentOf: file });
    position += header.length + file.storedBytes;
  }
  const entries = Buffer.concat(directory);
  const end = endOfDirectory({ count: files.length, start: position, bytes: entries.length });
  return [...segments, entries, end];
}

/** Bytes of the segment in the archive. */
export function lengthOf(segment: ZipSegment<ZipFile>): number {
  return "contentOf" in segment ? segment.contentOf.storedBytes : segment.length;
}

function isZip64(file: ZipFile): boolean {
  return file.plainBytes >= UINT32_MAX || file.storedBytes >= UINT32_MAX;
}

function localHeader(file: ZipFile, modifiedAt: number): Buffer {
  const extra = isZip64(file) ? zip64Extra([file.plainBytes, file.storedBytes]) : Buffer.alloc(0);
  const name = Buffer.from(file.name, "utf8");
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeCommon(header, 4, file, { modifiedAt, isLarge: isZip64(file) });
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra]);
}

function directoryEntry(file: ZipFile, position: number, modifiedAt: number): Buffer {
  const isFar = position >= UINT32_MAX;
  const values = [
    ...(isZip64(file) ? [file.plainBytes, file.storedBytes] : []),
    ...(isFar ? [position] : []),
  ];
  const extra = values.length > 0 ? zip64Extra(values) : Buffer.alloc(0);
  const name = Buffer.from(file.name, "utf8");
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(VERSION_ZIP64, 4); // of whoever made it
  writeCommon(entry, 6, file, { modifiedAt, isLarge: values.length > 0 });
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  entry.writeUInt32LE(isFar ? UINT32_MAX : position, 42);
  return Buffer.concat([entry, name, extra]);
}

/** The fields that a local header and a directory entry share: version needed to the plain size. */
function writeCommon(
  target: Buffer,
  at: number,
  file: ZipFile,
  { modifiedAt, isLarge }: { readonly modifiedAt: number; readonly isLarge: boolean },
): void {
  target.writeUInt16LE(isLarge ? VERSION_ZIP64 : VERSION, at);
  target.writeUInt16LE(FLAG_UTF8, at + 2);
  target.writeUInt16LE(file.isDeflated ? METHOD_DEFLATE : METHOD_STORED, at + 4);
  target.writeUInt32LE(dosTime(modifiedAt), at + 6);
  target.writeUInt32LE(file.crc32, at + 10);
  target.writeUInt32LE(isZip64(file) ? UINT32_MAX : file.storedBytes, at + 14);
  target.writeUInt32LE(isZip64(file) ? UINT32_MAX : file.plainBytes, at + 18);
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8);
  extra.writeUInt16LE(0x0001, 0);
  extra.writeUInt16LE(values.length * 8, 2);
  for (const [index, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + index * 8);
  return extra;
}

interface Directory {
  readonly count: number;
  readonly start: number;
  readonly bytes: number;
}

function endOfDirectory(directory: Directory): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.count, 8);
  end.writeUInt16LE(directory.count, 10);
  end.writeUInt32LE(directory.bytes, 12);
  end.writeUInt32LE(Math.min(directory.start, UINT32_MAX), 16);
  return directory.start >= UINT32_MAX ? Buffer.concat([zip64End(directory), end]) : end;
}

/** The ZIP64 end of the directory and its locator. */
function zip64End(directory: Directory): Buffer {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4); // bytes of the record that follow
  record.writeUInt16LE(VERSION_ZIP64, 12);
  record.writeUInt16LE(VERSION_ZIP64, 14);
  record.writeBigUInt64LE(BigInt(directory.count), 24);
  record.writeBigUInt64LE(BigInt(directory.count), 32);
  record.writeBigUInt64LE(BigInt(directory.bytes), 40);
  record.writeBigUInt64LE(BigInt(directory.start), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(directory.start + directory.bytes), 64);
  record.writeUInt32LE(1, 72); // one disk
  return record;
}

const EARLIEST = Date.UTC(1980, 0, 1);

/** Time in the low half and date in the high one, as MS-DOS had them; in steps of 2 s, from 1980. */
function dosTime(at: number): number {
  const date = new Date(Math.max(EARLIEST, at));
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  return day * 0x10000 + time;
}
