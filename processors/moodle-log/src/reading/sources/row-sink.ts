/** Takes the tables that a file holds, one after the other, row by row. Everything but `drain` is done at once. */
export interface RowSink {
  /**
   * Begins a table.
   * @param name as its file or its user calls it; empty when there is none.
   * @param isPadded whether empty cells at the end of its rows may be missing, as in sheets.
   */
  startTable(name: string, isPadded: boolean): void;
  /**
   * Takes a row.
   * @param number of the row in its table, 1-based and rising; 0 for names that stand in no row of their own.
   */
  row(cells: readonly string[], number: number): void;
  /** Takes a row that cannot be cut into cells, as it stands. */
  brokenRow(raw: string, number: number): void;
  endTable(): void;
  /** Resolves when there is room for more; to be awaited after each piece of input. */
  drain(): Promise<void>;
}

/** How a file is read. */
export interface ReadOptions {
  readonly signal: AbortSignal;
  /** A folder for what has to be unpacked. */
  readonly scratch: string;
  /** Called with how much of the input is read, 0 to 1. */
  readonly onShare: (share: number) => void;
}

/** Cells of a row that are looked at; a log has at most ten, its table 21. */
export const MOST_CELLS = 64;
/** Longest text of a cell, in UTF-16 units: a spreadsheet's is 32,767. */
export const LONGEST_CELL = 1 << 20;
