import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { JobFiles } from "./job-folder.js";
import { type JobRecord, MalformedError, type RecordSource, readRecord } from "./job-record.js";
import { merge, mergeSources, type Update, updateOf } from "./job-updates.js";

/** Largest job file, largest line of an events log, and largest log, in bytes. */
export const MAX_FILE_BYTES = 1 << 20;
export const MAX_LOG_BYTES = 256 << 20;

/** What the files of a job say. */
export interface ReadJob {
  readonly record: JobRecord;
  readonly source: RecordSource;
  /** What was passed over in them, for a person; `undefined` for nothing. */
  readonly note: string | undefined;
}

/**
 * Reads the files of a job, a log line by line.
 * @throws MalformedError when no job can be made of them.
 */
export async function readJobFiles({ id, file, log }: JobFiles): Promise<ReadJob> {
  const hash = createHash("sha256");
  const fileRead = file === undefined ? undefined : await readFile(file, hash);
  const logRead = log === undefined ? undefined : await readLog(log, hash);
  return {
    record: readRecord(id, mergeSources(fileRead?.update, logRead?.update)),
    source: {
      filename: basename(file ?? log ?? ""),
      sizeBytes: (fileRead?.sizeBytes ?? 0) + (logRead?.sizeBytes ?? 0),
      sha256: hash.digest("hex"),
    },
    note: logRead?.note,
  };
}

async function readFile(path: string, hash: Hash): Promise<{ update: Update; sizeBytes: number }> {
  return withFile(path, MAX_FILE_BYTES, async (handle) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of bytesOf(handle, MAX_FILE_BYTES)) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      hash.update(chunk);
    }
    const update = updateOf(parse(Buffer.concat(chunks)));
    if (update === undefined) throw new MalformedError("expected one JSON object; it holds none.");
    return { update, sizeBytes };
  });
}

/** A log is read as far as it was written when the reading began, and a line of it that is no update is passed over. */
async function readLog(
  path: string,
  hash: Hash,
): Promise<{ update: Update; sizeBytes: number; note: string | undefined }> {
  return withFile(path, MAX_LOG_BYTES, async (handle) => {
    let [update, updates, number, sizeBytes]: [Update, number, number, number] = [{}, 0, 0, 0];
    const odd = { count: 0, first: 0 };
    const counted = async function* () {
      for await (const chunk of bytesOf(handle, MAX_LOG_BYTES)) {
        sizeBytes += chunk.length;
        hash.update(chunk);
        yield chunk;
      }
    };
    for await (const line of linesOf(counted())) {
      number += 1;
      if (line?.length === 0) continue;
      const said = line === undefined ? undefined : updateOf(parse(line));
      if (said === undefined) {
        odd.count += 1;
        odd.first ||= number;
        continue;
      }
      updates += 1;
      update = merge(update, said);
    }
    if (updates === 0) throw new MalformedError("events.log: expected a JSON object a line; it holds none.");
    return { update, sizeBytes, note: noteOf(odd) };
  });
}

function noteOf({ count, first }: { readonly count: number; readonly first: number }): string | undefined {
  if (count === 0) return undefined;
  const which = count === 1 ? `line ${first} is` : `${count} lines, the first of them line ${first}, are`;
  return `${which} no JSON object of at most ${MAX_FILE_BYTES} bytes and passed over.`;
}

/** Opens a regular file, and no link, device or pipe: whoever could write to the folder named it. */
async function withFile<T>(
  path: string,
  maxBytes: number,
  read: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      throw new MalformedError(`cannot be read (${error.code}).`);
    },
  );
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new MalformedError("is no regular file.");
    if (stats.size > maxBytes)
      throw new MalformedError(`expected at most ${maxBytes} bytes; it has ${stats.size}.`);
    return await read(handle);
  } finally {
    await handle.close();
  }
}

async function* bytesOf(handle: FileHandle, maxBytes: number): AsyncGenerator<Buffer> {
  const stream = handle.createReadStream({ autoClose: false, start: 0, end: maxBytes - 1 });
  for await (const chunk of stream) yield chunk as Buffer; // no encoding was set
}

const NEWLINE = 0x0a;

/**
 * The lines of a stream, without their ends; `undefined` in the place of one that is longer than
 * `MAX_FILE_BYTES`, of which no more is kept.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = (part: Buffer) => {
    length += part.length;
    if (length <= MAX_FILE_BYTES) parts.push(part);
    else parts = [];
  };
  const end = () => {
    const line = length <= MAX_FILE_BYTES ? Buffer.concat(parts) : undefined;
    [parts, length] = [[], 0];
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, at));
      yield end();
      start = at + 1;
    }
    take(chunk.subarray(start));
  }
  if (length > 0) yield end();
}

/** The value that bytes of UTF-8 spell as JSON, a byte order mark aside; `undefined` for none. */
function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
