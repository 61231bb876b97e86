import { type FileHandle, open } from "node:fs/promises";
import type { Column } from "../../reading/headings.js";
import { cellText, MAX_RECORD_BYTES, RecordScanner } from "./row-scanner.js";

/** How the table stands in the text: what every thread needs to read its rows. */
export interface Layout {
  /** Character code of the delimiter. */
  readonly delimiter: number;
  /** Cells that a row has. */
  readonly cells: number;
  /** Position of each column, -1 where the log has none. */
  readonly columns: Readonly<Record<Column, number>>;
  /** Where the first row of data starts: the `start` of a `HeadRow`. */
  readonly dataStart: number;
  /** Line of the text on which it starts, 1-based. */
  readonly firstLine: number;
  /** Whether rows are counted instead of lines: a row of a sheet is one, however many lines its cells have. */
  readonly countsRows: boolean;
}

/** A text whose rows can be found. */
export interface LogText {
  readonly path: string;
  readonly sizeBytes: number;
  readonly layout: Layout;
}

/** The first bytes of a text, in UTF-8; only `headRows` looks inside. */
export type TextHead = Buffer;

/** A row near the start of the text. */
export interface HeadRow {
  readonly cells: readonly string[];
  /** Where it starts, in bytes of the text; to be passed on, as `Layout.dataStart`. */
  readonly start: number;
  /** Line of the text, 1-based. */
  readonly line: number;
}

const SAMPLE_ROWS = 200;
const MAX_SHOWN_CELLS = 64;

/**
 * The first rows of a text under a delimiter, at most 200; without blank ones, without Excel's `sep=;`, and
 * without a row that the end of the head cuts off.
 * @param options.start bytes to leave out in front: a byte order mark.
 * @param options.isWhole whether the head is the whole text.
 */
export function headRows(
  head: TextHead,
  delimiter: string,
  { start, isWhole }: { readonly start: number; readonly isWhole: boolean },
): readonly HeadRow[] {
  const scanner = new RecordScanner(delimiter.charCodeAt(0));
  const rows: HeadRow[] = [];
  let line = 1;
  for (let at = start; at < head.length && rows.length < SAMPLE_ROWS; at = scanner.next) {
    const kind = scanner.scan(head, at, head.length);
    const isCutOff = !isWhole && scanner.next >= head.length;
    if (isCutOff && rows.length > 0) break;
    if (kind === "row" && !isSeparatorHint(head, at)) {
      const shown = Math.min(scanner.count, MAX_SHOWN_CELLS);
      const cells = Array.from({ length: shown }, (_, i) => cellText(head, scanner, i));
      rows.push({ cells, start: at, line });
    }
    line += scanner.lines;
  }
  return rows;
}

/** The cells of a small table: its delimiter is the one of comma, semicolon and tab that its first line has most of. */
export function tableRows(text: string): string[][] {
  const bytes = Buffer.from(text.replace(/^\ufeff/, ""), "utf8");
  const [first = ""] = text.split("\n");
  const delimiter = [",", ";", "\t"].reduce((best, one) =>
    first.split(one).length > first.split(best).length ? one : best,
  );
  const scanner = new RecordScanner(delimiter.charCodeAt(0));
  const rows: string[][] = [];
  for (let at = 0; at < bytes.length; at = scanner.next) {
    if (scanner.scan(bytes, at, bytes.length) !== "row") continue;
    const shown = Math.min(scanner.count, MAX_SHOWN_CELLS);
    rows.push(Array.from({ length: shown }, (_, cell) => cellText(bytes, scanner, cell)));
  }
  return rows;
}

/** Excel's own first line, `sep=;`. */
function isSeparatorHint(head: TextHead, at: number): boolean {
  return /^sep=.\r?(\n|$)/i.test(head.toString("latin1", at, at + 8));
}

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
