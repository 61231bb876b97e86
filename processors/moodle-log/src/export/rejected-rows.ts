import { type FileHandle, open } from "node:fs/promises";
import type { RejectedRow, RejectReason } from "../load/segment.js";
import { MAX_RECORD_BYTES, RecordScanner } from "../reading/records.js";
import type { ArtifactFile } from "./artifact-file.js";
import { csvCell } from "./csv-cell.js";

/** Why a row was rejected, in words. */
export const REASON_TEXTS: Readonly<Record<RejectReason, string>> = {
  open_quote: "a quoted cell is not closed properly",
  too_long: "longer than 1 MiB",
  cell_count: "wrong number of cells",
  unreadable_time: "unreadable time",
  impossible_date: "a date that does not exist",
};

const USUAL_ROW_BYTES = 8 << 10;
const BATCH = 500;

/** Where rejected rows can be read again. */
export interface RejectedSource {
  readonly path: string;
  readonly sizeBytes: number;
  readonly delimiter: number;
}

/** The raw text of a row that could not be used, without its line break. */
export async function readRaw(file: FileHandle, source: RejectedSource, offset: number): Promise<string> {
  const scanner = new RecordScanner(source.delimiter);
  for (const bytes of [USUAL_ROW_BYTES, MAX_RECORD_BYTES]) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
    const isRest = offset + bytesRead >= source.sizeBytes;
    const kind = scanner.scan(buffer, 0, bytesRead);
    const isWhole = isRest || (scanner.next < bytesRead && kind !== "open_quote");
    if (isWhole || bytes === MAX_RECORD_BYTES) {
      return buffer.toString("utf8", 0, Math.min(scanner.next, bytesRead)).replace(/\r?\n$/, "");
    }
  }
  return "";
}

/** Writes line, reason and raw text of each rejected row, in the order of the file. */
export async function writeRejectedRows(
  artifact: ArtifactFile,
  rejected: readonly RejectedRow[],
  options: { readonly source: RejectedSource; readonly neutralizes: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const file = await open(options.source.path);
  try {
    await artifact.appendText("line,reason,raw\r\n");
    for (let at = 0; at < rejected.length; at += BATCH) {
      options.signal.throwIfAborted();
      let text = "";
      for (const row of rejected.slice(at, at + BATCH)) {
        const raw = await readRaw(file, options.source, row.offset);
        text += `${row.line},${REASON_TEXTS[row.reason]},${csvCell(raw, options.neutralizes)}\r\n`;
      }
      await artifact.appendText(text);
    }
  } finally {
    await file.close();
  }
}
