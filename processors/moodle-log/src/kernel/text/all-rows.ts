import { type FileHandle, open } from "node:fs/promises";
import { cellText, MAX_RECORD_BYTES, RecordScanner } from "./row-scanner.js";

const STRETCH_BYTES = 1 << 20;

/** Called with what was found, one after the other. */
export interface RowReader {
  readonly signal: AbortSignal;
  readonly onRow: (cells: readonly string[]) => void;
  /** Called with the first line of a row that cannot be cut into cells. */
  readonly onBroken: (line: string) => void;
  readonly onBlank: () => void;
  /** Awaited after each stretch of the text, with the bytes read so far. */
  readonly onStretch: (bytes: number) => Promise<void>;
}

/** Reads all rows of a text in UTF-8 as texts, in bounded memory. */
export async function readRows(
  text: { readonly path: string; readonly start: number; readonly delimiter: string },
  reader: RowReader,
): Promise<void> {
  const scanner = new RecordScanner(text.delimiter.charCodeAt(0));
  const file = await open(text.path);
  try {
    const buffer = Buffer.allocUnsafeSlow(STRETCH_BYTES + MAX_RECORD_BYTES);
    let [kept, position] = [0, text.start];
    for (let isLast = false; !isLast; ) {
      reader.signal.throwIfAborted();
      const filled = kept + (await fill(file, buffer.subarray(kept), position));
      position += filled - kept;
      isLast = filled < buffer.length;
      const stop = isLast ? filled : STRETCH_BYTES;
      let at = 0;
      while (at < stop) {
        readRow(buffer, { scanner, at, filled }, reader);
        at = scanner.next;
      }
      buffer.copyWithin(0, at, filled);
      kept = filled - at;
      await reader.onStretch(position);
    }
  } finally {
    await file.close();
  }
}

async function fill(file: FileHandle, target: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

function readRow(
  buffer: Buffer,
  row: { readonly scanner: RecordScanner; readonly at: number; readonly filled: number },
  reader: RowReader,
): void {
  const { scanner, at, filled } = row;
  const kind = scanner.scan(buffer, at, filled);
  if (kind === "blank") reader.onBlank();
  else if (kind === "row") {
    const located = Math.min(scanner.count, scanner.starts.length);
    reader.onRow(Array.from({ length: located }, (_, cell) => cellText(buffer, scanner, cell)));
  } else reader.onBroken(buffer.toString("utf8", at, scanner.next).replace(/\r?\n$/, ""));
}
