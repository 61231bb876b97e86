import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { InputInvalidError } from "@drover/processor-sdk";
import { csvText, type Layout, MAX_RECORD_BYTES } from "../kernel/index.js";
import { COLUMNS, type Column } from "./headings.js";
import type { RowSink } from "./sources/row-sink.js";
import { type ReportRow, storeReader } from "./store-table.js";
import { type FoundTable, findTable, type TableColumns, type TableLayout } from "./table-layout.js";

/** Rows from which it is told whether a table is a log, and their characters at most. */
const SAMPLE_ROWS = 200;
const SAMPLE_CHARACTERS = 1 << 20;
const BATCH_CHARACTERS = 1 << 18;
/** Largest text that is written, in characters: what the processor takes as one upload. */
const MOST_CHARACTERS = 4 * 1024 ** 3;
/** A row of so many characters is surely no longer than what the kernel reads as one. */
const SAFE_CHARACTERS = Math.floor(MAX_RECORD_BYTES / 4);
/** Tables that are named when none is a log. */
const MOST_REFUSED = 5;

/** A table that was taken, and the line on which its first row is counted. */
export interface TakenTable {
  readonly name: string;
  readonly firstLine: number;
}

/** What the tables of a file were found to be together. */
export interface TakenTables
  extends Pick<TableLayout, "language" | "headings" | "recognisedBy" | "warnings">,
    Pick<TableColumns, "columns"> {
  readonly tables: readonly TakenTable[];
  /** Names of tables that are no log. */
  readonly ignored: readonly string[];
  /** Whether all of it is Moodle's own table of the log. */
  readonly isStore: boolean;
}

type State =
  | {
      readonly kind: "sampling";
      readonly name: string;
      readonly isPadded: boolean;
      rows: SampledRow[];
      size: number;
    }
  | { readonly kind: "taking"; readonly read: (cells: readonly string[]) => ReportRow | undefined }
  | { readonly kind: "ignoring" };

interface SampledRow {
  /** A text: a row that cannot be cut into cells. */
  readonly cells: readonly string[] | string;
  readonly number: number;
}

/**
 * Writes the logs among the tables of a file as one report: a CSV with the columns of `COLUMNS` and no headings, a
 * line a row, so that rows can be counted. Tables that are no log are left out.
 */
export class ReportFile implements RowSink {
  /** The file that the next tables are of, when there are several; their names begin with it. */
  file = "";
  readonly #out: WriteStream;
  #state: State = { kind: "ignoring" };
  #batch = "";
  #characters = 0;
  /** Rows before the table, and rows of it that are written. */
  #before = 0;
  #written = 0;
  readonly #tables: (TakenTable & { readonly found: FoundTable })[] = [];
  readonly #ignored: string[] = [];
  readonly #refusals: string[] = [];

  constructor(path: string) {
    this.#out = createWriteStream(path);
    this.#out.on("error", () => {}); // `drain` and `end` hear of it
  }

  startTable(name: string, isPadded: boolean): void {
    const names = [this.file, name].filter((part) => part !== "");
    this.#state = { kind: "sampling", name: names.join(" › "), isPadded, rows: [], size: 0 };
  }

  row(cells: readonly string[], number: number): void {
    this.#add({ cells, number });
  }

  brokenRow(raw: string, number: number): void {
    this.#add({ cells: raw, number });
  }

  #add(row: SampledRow): void {
    const { cells, number } = row;
    const state = this.#state;
    if (state.kind === "taking") {
      this.#write(typeof cells === "string" ? cells : lineOf(state.read(cells), cells), number);
    } else if (state.kind === "sampling") {
      state.rows.push(row);
      state.size +=
        typeof cells === "string" ? cells.length : cells.reduce((sum, cell) => sum + cell.length, 0);
      if (state.rows.length >= SAMPLE_ROWS || state.size >= SAMPLE_CHARACTERS) this.#decide();
    }
  }

  endTable(): void {
    if (this.#state.kind === "sampling") this.#decide();
    this.#before += this.#written;
    this.#written = 0;
    this.#state = { kind: "ignoring" };
  }

  /** Leaves out the file that is being read, and notes why. */
  refuse(reason: string): void {
    this.endTable();
    this.#refuse(this.file, reason);
  }

  async drain(): Promise<void> {
    if (this.#batch.length < BATCH_CHARACTERS) return;
    await this.#flush();
  }

  /**
   * Ends the file and says what is in it.
   * @param nothing the sentence for when no table is a log; what they are is added.
   * @throws {InputInvalidError} with this sentence.
   */
  async end(nothing: string): Promise<TakenTables> {
    await this.#flush();
    this.#out.end();
    await finished(this.#out);
    const [first] = this.#tables;
    if (first === undefined) throw new InputInvalidError([nothing, ...this.#refusals].join(" "));
    const layouts = this.#tables.flatMap(({ found }) => (found.kind === "report" ? [found.layout] : []));
    const [report] = layouts;
    const isStore = report === undefined;
    const names = new Set(layouts.flatMap(({ columns }) => COLUMNS.filter((column) => columns[column] >= 0)));
    return {
      tables: this.#tables.map(({ name, firstLine }) => ({ name, firstLine })),
      ignored: this.#ignored,
      columns: columnsAt(
        (column) => names.has(column) || (layouts.length < this.#tables.length && column !== "course"),
      ),
      language: report?.language ?? (isStore ? "en" : undefined),
      headings: first.found.kind === "store" ? first.found.headings : (report?.headings ?? []),
      recognisedBy: report?.recognisedBy ?? "headings",
      warnings: [...new Set(layouts.flatMap(({ warnings }) => warnings))],
      isStore,
    };
  }

  /** Lets go of the file when it is not to be ended. */
  discard(): void {
    this.#out.destroy();
  }

  #decide(): void {
    if (this.#state.kind !== "sampling") return;
    const { name, isPadded, rows } = this.#state;
    const found = findTable(rows.map(({ cells }) => (typeof cells === "string" ? [cells] : cells)));
    if (found.kind === "none") {
      if (rows.length > 0) this.#refuse(name, found.reason);
      this.#state = { kind: "ignoring" };
      return;
    }
    this.#tables.push({ name, firstLine: this.#before + 1, found });
    const firstRow = found.kind === "store" ? found.firstRow : found.layout.firstRow;
    const read = found.kind === "store" ? storeReader(found.headings) : reportReader(found.layout, isPadded);
    this.#state = { kind: "taking", read };
    for (const row of rows.slice(firstRow)) this.#add(row);
  }

  #refuse(name: string, reason: string): void {
    this.#ignored.push(name);
    const where = name === "" ? "" : `“${name}”: `;
    if (this.#refusals.length < MOST_REFUSED) this.#refusals.push(where + reason);
  }

  /** Writes a row on the line of its number; lines before it that are no rows of data stay blank. */
  #write(line: string, number: number): void {
    while (this.#written < number - 1) {
      this.#batch += "\n";
      this.#written++;
    }
    const shown = line.length <= SAFE_CHARACTERS ? line : csvText(line.slice(0, SAFE_CHARACTERS / 4), false);
    this.#batch += `${shown}\n`;
    this.#written++;
  }

  async #flush(): Promise<void> {
    this.#characters += this.#batch.length;
    if (this.#characters > MOST_CHARACTERS) {
      throw new InputInvalidError("The file unpacks to more than 4 GiB of rows. Export the log in parts.");
    }
    const isFull = !this.#out.write(this.#batch);
    this.#batch = "";
    if (isFull) await once(this.#out, "drain");
  }
}

/** Where the rows stand that a `ReportFile` wrote. */
export function layoutOfReportFile(columns: TableColumns["columns"]): Layout {
  return {
    delimiter: ",".charCodeAt(0),
    cells: COLUMNS.length,
    columns,
    dataStart: 0,
    firstLine: 1,
    countsRows: true,
  };
}

function columnsAt(has: (column: Column) => boolean): TableColumns["columns"] {
  // Every column gets its position.
  return Object.fromEntries(COLUMNS.map((c, at) => [c, has(c) ? at : -1])) as Record<Column, number>;
}

/** Puts the cells of a report in the order of `COLUMNS`; `undefined` for a row of another number of cells. */
function reportReader({ columns, cells: wanted }: TableColumns, isPadded: boolean) {
  const positions = COLUMNS.map((column) => columns[column]);
  return (cells: readonly string[]): ReportRow | undefined => {
    if (cells.length < wanted && !(isPadded || cells.length === 0)) return undefined;
    for (let cell = wanted; cell < cells.length; cell++) if (cells[cell] !== "") return undefined;
    return positions.map((position) => cells[position] ?? "");
  };
}

/** The line of a row; one of another number of cells than its table has is a single cell, which is seen to be wrong. */
function lineOf(row: ReportRow | undefined, cells: readonly string[]): string {
  return row === undefined ? csvText(csvLine(cells), false) : csvLine(row);
}

function csvLine(cells: readonly string[]): string {
  return cells.map((cell) => csvText(cell, false)).join(",");
}
