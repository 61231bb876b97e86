import { InputInvalidError } from "@drover/processor-sdk";
import { type HeadRow, headRows, type Layout, type TextHead } from "../kernel/index.js";
import { type FoundTable, findTable, type TableLayout } from "./table-layout.js";

/** The layout with what was found on the way, for the summary. */
export interface DetectedLayout
  extends Pick<TableLayout, "language" | "headings" | "recognisedBy" | "warnings"> {
  readonly layout: Layout;
}

const DELIMITERS = [",", ";", "\t"] as const;

/** A text with separators, as one of them makes it a table. */
export interface FoundText {
  readonly delimiter: string;
  readonly rows: readonly HeadRow[];
  readonly table: FoundTable;
}

/**
 * Finds the delimiter that makes the head of a text most like a log.
 * @param head UTF-8, from the start of the text; at least a few rows.
 * @param options.start bytes to leave out in front: a byte order mark.
 * @param options.isWhole whether the head is the whole text.
 */
export function findText(
  head: TextHead,
  options: { readonly start: number; readonly isWhole: boolean },
): FoundText {
  const readings = DELIMITERS.map((delimiter) => {
    const rows = headRows(head, delimiter, options);
    return { delimiter, rows, table: findTable(rows.map(({ cells }) => cells)) };
  });
  return readings.reduce((best, reading) => (rankOf(reading) > rankOf(best) ? reading : best));
}

/** A table by more known headings is the better reading, then one by its order, then the one of more cells. */
function rankOf({ rows, table }: FoundText): number {
  const cells = Math.min(rows[0]?.cells.length ?? 0, 40);
  if (table.kind === "store") return 2_000;
  if (table.kind === "none") return table.known * 100 + cells;
  if (table.layout.recognisedBy === "order") return 150;
  return 1_000 + Object.values(table.layout.columns).filter((position) => position >= 0).length;
}

/**
 * How a report stands in a text.
 * @throws {InputInvalidError} when no header is recognised.
 */
export function layoutOfReport({ delimiter, rows, table }: FoundText): DetectedLayout {
  if (table.kind !== "report") {
    throw new InputInvalidError(table.kind === "none" ? table.reason : "This is Moodle's table of the log.");
  }
  const { columns, cells, firstRow, ...told } = table.layout;
  const first = rows[firstRow] ?? endOf(rows);
  return {
    ...told,
    layout: {
      delimiter: delimiter.charCodeAt(0),
      cells,
      columns,
      dataStart: first.start,
      firstLine: first.line,
      countsRows: false,
    },
  };
}

function endOf(rows: readonly HeadRow[]): Pick<HeadRow, "start" | "line"> {
  const last = rows.at(-1);
  return { start: Number.MAX_SAFE_INTEGER, line: (last?.line ?? 0) + 1 };
}
