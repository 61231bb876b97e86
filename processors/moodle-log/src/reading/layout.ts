import { InputInvalidError } from "@drover/processor-sdk";
import { type HeadRow, headRows, isTimeCell, type Layout, type TextHead } from "../kernel/index.js";
import { COLUMNS, type Column, type Language, recogniseHeadings } from "./headings.js";

/** The layout with what was found on the way, for the summary. */
export interface DetectedLayout {
  readonly layout: Layout;
  readonly language: Language | undefined;
  /** The headings as they stand in the file; empty when it has none. */
  readonly headings: readonly string[];
  readonly recognisedBy: "headings" | "order";
  readonly warnings: readonly string[];
}

const DELIMITERS = [",", ";", "\t"] as const;
/**
 * Finds delimiter, headings and columns from the head of the text.
 * @param head UTF-8, from the start of the text; at least a few rows.
 * @param options.start bytes to leave out in front: a byte order mark.
 * @param options.isWhole whether the head is the whole text.
 * @throws {InputInvalidError} when no header is recognised.
 */
export function detectLayout(
  head: TextHead,
  options: { readonly start: number; readonly isWhole: boolean },
): DetectedLayout {
  const readings = DELIMITERS.map((delimiter) => {
    const rows = headRows(head, delimiter, options);
    return { delimiter, rows, header: recogniseHeadings(rows[0]?.cells ?? []) };
  });
  const named = readings.reduce((best, r) => (r.header.known > best.header.known ? r : best));
  if (named.header.known >= 2) return byHeadings(named.delimiter, named.rows);
  for (const { delimiter, rows } of readings) {
    const layout = byOrder(delimiter, rows);
    if (layout !== undefined) return layout;
  }
  throw new InputInvalidError(noHeaderMessage(readings.map((r) => r.rows[0]?.cells ?? [])));
}

function byHeadings(delimiter: string, rows: readonly HeadRow[]): DetectedLayout {
  const header = rows[0]?.cells ?? [];
  const { columns, language } = recogniseHeadings(header);
  if (!columns.includes("time")) {
    throw new InputInvalidError(
      `No time column. Found: ${listed(header)}. Looked for “Time” in ten languages.`,
    );
  }
  if (!columns.includes("event_name") && !columns.includes("description")) {
    throw new InputInvalidError(
      `Neither an event name nor a description column. Found: ${listed(header)}. Is this Moodle's Logs ` +
        "report?",
    );
  }
  const data = rows.slice(1);
  const shift = headerShift(header.length, data);
  const missing = COLUMNS.filter((c) => c !== "course" && !columns.includes(c));
  return {
    layout: layoutOf({ delimiter, cells: header.length + shift, first: data[0] ?? endOf(rows) }, (column) => {
      const index = columns.indexOf(column);
      return index < 0 ? -1 : index + shift;
    }),
    language,
    headings: header,
    recognisedBy: "headings",
    warnings: missing.length > 0 ? [`The log has no column for: ${missing.join(", ")}.`] : [],
  };
}

/** 1 when the rows have an index cell in front that the header does not count, as some tools write it. */
function headerShift(headings: number, data: readonly HeadRow[]): number {
  const longer = data.filter((row) => row.cells.length === headings + 1 && row.cells.at(-1) !== "").length;
  return data.length > 0 && longer > data.length * 0.8 ? 1 : 0;
}

function byOrder(delimiter: string, rows: readonly HeadRow[]): DetectedLayout | undefined {
  const header = rows[0];
  if (header === undefined || header.cells.length < 9 || header.cells.length > 12) return undefined;
  const hasHeader = firstTimeCell(header.cells) === undefined;
  const data = hasHeader ? rows.slice(1) : rows;
  const timeAt = mostCommon(data.map((row) => firstTimeCell(row.cells)));
  const cells = mostCommon(data.map((row) => row.cells.length));
  if (timeAt === undefined || cells === undefined || cells - timeAt !== 9) return undefined;
  const hasCourse = timeAt >= 1 && !isIndexColumn(data.map((row) => row.cells[timeAt - 1] ?? ""));
  const what = hasHeader ? "The headings are in no known language" : "The file has no headings";
  return {
    layout: layoutOf({ delimiter, cells, first: data[0] ?? endOf(rows) }, (column) =>
      column === "course" ? (hasCourse ? timeAt - 1 : -1) : timeAt + COLUMNS.indexOf(column) - 1,
    ),
    language: undefined,
    headings: hasHeader ? header.cells : [],
    recognisedBy: "order",
    warnings: [`${what}; the columns were taken in the order in which Moodle writes them.`],
  };
}

function firstTimeCell(cells: readonly string[]): number | undefined {
  const index = cells.slice(0, 3).findIndex((cell) => /\d.*\D.*\d/.test(cell) && isTimeCell(cell));
  return index < 0 ? undefined : index;
}

function isIndexColumn(cells: readonly string[]): boolean {
  return cells.every((cell) => /^\d*$/.test(cell.trim()));
}

function mostCommon(values: readonly (number | undefined)[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

function layoutOf(
  found: {
    readonly delimiter: string;
    readonly cells: number;
    readonly first: Pick<HeadRow, "start" | "line">;
  },
  positionOf: (column: Column) => number,
): Layout {
  return {
    delimiter: found.delimiter.charCodeAt(0),
    cells: found.cells,
    columns: Object.fromEntries(COLUMNS.map((c) => [c, positionOf(c)])) as Record<Column, number>,
    dataStart: found.first.start,
    firstLine: found.first.line,
  };
}

function endOf(rows: readonly HeadRow[]): Pick<HeadRow, "start" | "line"> {
  const last = rows.at(-1);
  return { start: Number.MAX_SAFE_INTEGER, line: (last?.line ?? 0) + 1 };
}

function listed(cells: readonly string[]): string {
  const shown = cells.slice(0, 12).map((cell) => (cell.trim() === "" ? "(empty)" : cell.trim().slice(0, 40)));
  return shown.join(", ") + (cells.length > 12 ? ", …" : "");
}

function noHeaderMessage(firstRows: readonly (readonly string[])[]): string {
  const widest = firstRows.reduce((best, cells) => (cells.length > best.length ? cells : best), []);
  return (
    `No header of Moodle's Logs report was recognised. Found: ${listed(widest)}. Looked for headings ` +
    "such as Time, Event context, " +
    "Component, Event name in ten languages, or for 9 or 10 columns with the time in front."
  );
}
