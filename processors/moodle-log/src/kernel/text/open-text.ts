import { stat } from "node:fs/promises";
import { join } from "node:path";
import { asUtf8, detectEncoding, type Encoding, encodingOfHead, readHead } from "./text-encoding.js";
import type { TextHead } from "./text-rows.js";

const HEAD_BYTES = 256 << 10;
const LF = 10;
const CR = 13;
const QUOTE = 34;

/** The input as UTF-8. */
export interface OpenedText {
  readonly encoding: Encoding;
  /** The input itself, or a copy in the scratch folder. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly head: TextHead;
  /** Bytes before the text: a byte order mark. */
  readonly start: number;
  /** Whether the head is all of it. */
  readonly isWhole: boolean;
}

/** How a text is opened. */
export interface OpenOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes read so far. */
  readonly onBytes: (bytes: number) => void;
}

/** The first bytes of a file as they are stored. */
export interface StoredHead {
  /** One character a byte. */
  readonly stored: string;
  /** Whether it is UTF-16, where NUL is normal. */
  readonly isUtf16: boolean;
}

/** The first bytes of a file, enough to see what it is. */
export async function headOf(path: string): Promise<StoredHead> {
  const head = await readHead(path, HEAD_BYTES);
  const told = encodingOfHead(head);
  return { stored: head.toString("latin1"), isUtf16: told === "utf-16le" || told === "utf-16be" };
}

/** Decides the encoding over the whole input, and makes a copy in UTF-8 where the input is not. */
export async function openText(
  input: { readonly path: string; readonly scratch: string },
  options: OpenOptions,
): Promise<OpenedText> {
  const stored = await readHead(input.path, HEAD_BYTES);
  const encoding = await detectEncoding(input.path, options);
  const { path, start } = await asUtf8(input.path, encoding, {
    copyPath: join(input.scratch, "utf8.csv"),
    loneReturns: hasOnlyReturns(stored),
    signal: options.signal,
  });
  const { size } = await stat(path);
  const head = await readHead(path, HEAD_BYTES);
  return { encoding, path, sizeBytes: size, head, start, isWhole: size <= HEAD_BYTES };
}

/** Whether lines end with a bare carriage return: there is no line feed but in quoted cells. */
function hasOnlyReturns(head: Buffer): boolean {
  if (!head.includes(CR)) return false;
  let isQuoted = false;
  for (const byte of head) {
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === LF && !isQuoted) return false;
  }
  return true;
}
