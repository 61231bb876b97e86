import type { Column } from "../../reading/headings.js";
import { cellText, RecordScanner } from "./row-scanner.js";

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

/** Excel's own first line, `sep=;`. */
function isSeparatorHint(head: TextHead, at: number): boolean {
  return /^sep=.\r?(\n|$)/i.test(head.toString("latin1", at, at + 8));
}
