import { type FileHandle, open } from "node:fs/promises";
import type { LogText } from "./open-text.js";
import { cellText, MAX_RECORD_BYTES, RecordScanner } from "./row-scanner.js";

const USUAL_ROW_BYTES = 8 << 10;

/** Where a row stands in the text; only the functions here look inside. */
export interface RowPosition {
  /** Byte of the text at which the row starts. */
  readonly offset: number;
}

/**
 * The raw text of rows, one after the other, each without its line break; for rows that could not be used,
 * too.
 */
export async function* rawRows(text: LogText, positions: Iterable<RowPosition>): AsyncGenerator<string> {
  const file = await open(text.path);
  try {
    for (const { offset } of positions) yield await readRaw(file, text, offset);
  } finally {
    await file.close();
  }
}

/** The raw text of one row, without its line break. */
export async function rawRow(text: LogText, position: RowPosition): Promise<string> {
  for await (const raw of rawRows(text, [position])) return raw;
  return "";
}

/** The text of a row's time cell. */
export async function timeCellOf(text: LogText, position: RowPosition): Promise<string> {
  const { delimiter, columns } = text.layout;
  const bytes = Buffer.from(await rawRow(text, position));
  const scanner = new RecordScanner(delimiter);
  scanner.scan(bytes, 0, bytes.length);
  return cellText(bytes, scanner, columns.time);
}

async function readRaw(file: FileHandle, text: LogText, offset: number): Promise<string> {
  const scanner = new RecordScanner(text.layout.delimiter);
  for (const bytes of [USUAL_ROW_BYTES, MAX_RECORD_BYTES]) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
    const isRest = offset + bytesRead >= text.sizeBytes;
    const kind = scanner.scan(buffer, 0, bytesRead);
    const isWhole = isRest || (scanner.next < bytesRead && kind !== "open_quote");
    if (isWhole || bytes === MAX_RECORD_BYTES) {
      return buffer.toString("utf8", 0, Math.min(scanner.next, bytesRead)).replace(/\r?\n$/, "");
    }
  }
  return "";
}
