import { isUtf8 } from "node:buffer";
import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { detectLegacy, type LegacyEncoding } from "./legacy-encoding.js";

/** How the characters of the input are stored. */
export type Encoding = "utf-8" | "utf-8-bom" | "utf-8-damaged" | "utf-16le" | "utf-16be" | LegacyEncoding;

const CHUNK_BYTES = 1 << 20;

/** The first `bytes` of a file, or all of it when it is shorter. */
export async function readHead(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(head, 0, bytes, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * The encoding that a byte order mark, or the NUL of each ASCII character in UTF-16, tells; `undefined` when
 * the head does not tell.
 */
export function encodingOfHead(head: Buffer): Encoding | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return "utf-8-bom";
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const sample = head.subarray(0, 4096);
  const nuls = [0, 0];
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) (nuls[i % 2] as number)++;
  for (const parity of [0, 1]) {
    const isMostlyNul = (nuls[parity] as number) > sample.length * 0.4;
    if (isMostlyNul && (nuls[1 - parity] as number) < sample.length * 0.02) {
      return parity === 1 ? "utf-16le" : "utf-16be";
    }
  }
  return undefined;
}

/**
 * Decides the encoding over the whole file: what the head tells, else UTF-8 when every byte fits, else the code
 * page that its words look like. A byte order mark of UTF-8 does not outweigh a byte that is none.
 * @param onBytes called with the bytes read so far.
 */
export async function detectEncoding(
  path: string,
  options: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<Encoding> {
  const told = encodingOfHead(await readHead(path, 4096));
  if (told === "utf-16le" || told === "utf-16be") return told;
  const file = await open(path);
  try {
    if (await isWholeUtf8(file, options)) return told ?? "utf-8";
  } finally {
    await file.close();
  }
  return await detectLegacy(path, options.signal);
}

async function isWholeUtf8(
  file: FileHandle,
  options: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<boolean> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES + 4);
  let kept = 0;
  for (let position = 0; ; ) {
    options.signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, kept, CHUNK_BYTES, position);
    if (bytesRead === 0) return kept === 0;
    position += bytesRead;
    const filled = kept + bytesRead;
    const whole = filled - unfinishedBytes(buffer, filled);
    if (!isUtf8(buffer.subarray(0, whole))) return false;
    buffer.copyWithin(0, whole, filled);
    kept = filled - whole;
    options.onBytes(position);
  }
}

/** How many bytes at the end may be the beginning of a character that goes on in the next chunk. */
function unfinishedBytes(buffer: Buffer, length: number): number {
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = buffer[length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

/** Where the text of the input lies as UTF-8 with LF or CRLF. */
export interface Utf8Text {
  readonly path: string;
  /** Bytes before the text: a byte order mark. */
  readonly start: number;
}

/**
 * Returns the input itself when it is UTF-8, else a copy in UTF-8 at `copyPath`.
 * @param loneReturns whether lines end with a bare carriage return, which becomes a line feed in the copy.
 */
export async function asUtf8(
  path: string,
  encoding: Encoding,
  options: { readonly copyPath: string; readonly loneReturns: boolean; readonly signal: AbortSignal },
): Promise<Utf8Text> {
  const isUtf8Already = encoding === "utf-8" || encoding === "utf-8-bom";
  if (isUtf8Already && !options.loneReturns) return { path, start: encoding === "utf-8-bom" ? 3 : 0 };
  const decoder = new TextDecoder(encoding.replace(/-(bom|damaged)$/, ""));
  const decode = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks)
      yield recoded(decoder.decode(chunk, { stream: true }), options.loneReturns);
    yield recoded(decoder.decode(), options.loneReturns);
  };
  // A byte order mark of UTF-8 in a file that is not is left out: it would stand before the first heading as
  // three letters.
  const head = await readHead(path, 3);
  const start = !encoding.startsWith("utf-") && encodingOfHead(head) === "utf-8-bom" ? 3 : 0;
  await pipeline(
    createReadStream(path, { highWaterMark: CHUNK_BYTES, start }),
    decode,
    createWriteStream(options.copyPath),
    { signal: options.signal },
  );
  return { path: options.copyPath, start: 0 };
}

function recoded(text: string, loneReturns: boolean): Buffer {
  return Buffer.from(loneReturns ? text.replaceAll("\r", "\n") : text, "utf8");
}
