import { isTimeCell } from "../kernel/index.js";
import { COLUMNS, type Column, type Language, recogniseHeadings } from "./headings.js";
import { isStoreTable } from "./store-table.js";

/** Which cell of a row is what. */
export interface TableColumns {
  /** Position of each column, -1 where the table has none. */
  readonly columns: Readonly<Record<Column, number>>;
  /** Cells that a row has. */
  readonly cells: number;
}

/** How a log stands in a table. */
export interface TableLayout extends TableColumns {
  /** Position of the first row of data among the rows that were looked at. */
  readonly firstRow: number;
  readonly language: Language | undefined;
  /** The headings as they stand; empty when there are none. */
  readonly headings: readonly string[];
  readonly recognisedBy: "headings" | "order";
  readonly warnings: readonly string[];
}

/** What a table was found to be: a log, Moodle's own table of it, or neither. */
export type FoundTable =
  | { readonly kind: "report"; readonly layout: TableLayout }
  | { readonly kind: "store"; readonly headings: readonly string[]; readonly firstRow: number }
  | {
      readonly kind: "none";
      /** How many headings of a log were found all the same. */
      readonly known: number;
      /** What was looked for and what was found, in a sentence. */
      readonly reason: string;
    };

/** Titles and blank rows may stand above the headings. */
const MOST_ROWS_ABOVE = 20;
const LEAST_KNOWN = 2;

/**
 * Finds out from the first rows of a table whether and how it is a log.
 * @param rows some hundred, or all; cells as texts.
 */
export function findTable(rows: readonly (readonly string[])[]): FoundTable {
  const store = rows.slice(0, MOST_ROWS_ABOVE).findIndex(isStoreTable);
  if (store >= 0) return { kind: "store", headings: rows[store] ?? [], firstRow: store + 1 };
  const known = rows.slice(0, MOST_ROWS_ABOVE).map((cells) => recogniseHeadings(cells).known);
  const most = Math.max(0, ...known);
  if (most >= LEAST_KNOWN) return byHeadings(rows, known.indexOf(most));
  const layout = byOrder(rows);
  return layout === undefined
    ? { kind: "none", known: most, reason: noHeaderMessage(rows) }
    : { kind: "report", layout };
}

function byHeadings(rows: readonly (readonly string[])[], at: number): FoundTable {
  const headings = rows[at] ?? [];
  const { columns, language, known } = recogniseHeadings(headings);
  if (!columns.includes("time")) {
    const reason = `No time column. Found: ${listed(headings)}. Looked for “Time” in ten languages.`;
    return { kind: "none", known, reason };
  }
  if (!columns.includes("event_name") && !columns.includes("description")) {
    const reason = `Neither an event name nor a description column. Found: ${listed(headings)}. Is this Moodle's Logs report?`;
    return { kind: "none", known, reason };
  }
  const shift = headerShift(headings.length, rows.slice(at + 1));
  const missing = COLUMNS.filter((c) => c !== "course" && !columns.includes(c));
  return {
    kind: "report",
    layout: {
      columns: columnsAt((column) => {
        const index = columns.indexOf(column);
        return index < 0 ? -1 : index + shift;
      }),
      cells: headings.length + shift,
      firstRow: at + 1,
      language,
      headings,
      recognisedBy: "headings",
      warnings: missing.length > 0 ? [`The log has no column for: ${missing.join(", ")}.`] : [],
    },
  };
}

/** 1 when the rows have an index cell in front that the header does not count, as some tools write it. */
function headerShift(headings: number, data: readonly (readonly string[])[]): number {
  const longer = data.filter((cells) => cells.length === headings + 1 && cells.at(-1) !== "").length;
  return data.length > 0 && longer > data.length * 0.8 ? 1 : 0;
}

function byOrder(rows: readonly (readonly string[])[]): TableLayout | undefined {
  const above = rows.slice(0, MOST_ROWS_ABOVE).findIndex((cells) => cells.length >= 9);
  const first = rows[above];
  if (first === undefined || first.length > 12) return undefined;
  const hasHeader = firstTimeCell(first) === undefined;
  const firstRow = above + (hasHeader ? 1 : 0);
  const data = rows.slice(firstRow);
  const timeAt = mostCommon(data.map(firstTimeCell));
  const cells = mostCommon(data.map((row) => row.length));
  if (timeAt === undefined || cells === undefined || cells - timeAt !== 9) return undefined;
  const hasCourse = timeAt >= 1 && !isIndexColumn(data.map((row) => row[timeAt - 1] ?? ""));
  const what = hasHeader ? "The headings are in no known language" : "The file has no headings";
  return {
    columns: columnsAt((column) =>
      column === "course" ? (hasCourse ? timeAt - 1 : -1) : timeAt + COLUMNS.indexOf(column) - 1,
    ),
    cells,
    firstRow,
    language: undefined,
    headings: hasHeader ? first : [],
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

function columnsAt(positionOf: (column: Column) => number): Readonly<Record<Column, number>> {
  // Every column gets its position.
  return Object.fromEntries(COLUMNS.map((c) => [c, positionOf(c)])) as Record<Column, number>;
}

function listed(cells: readonly string[]): string {
  const shown = cells.slice(0, 12).map((cell) => (cell.trim() === "" ? "(empty)" : cell.trim().slice(0, 40)));
  return shown.join(", ") + (cells.length > 12 ? ", …" : "");
}

function noHeaderMessage(rows: readonly (readonly string[])[]): string {
  return (
    `No header of Moodle's Logs report was recognised. Found: ${listed(rows[0] ?? [])}. Looked for headings ` +
    "such as Time, Event context, " +
    "Component, Event name in ten languages, or for 9 or 10 columns with the time in front."
  );
}
