import { COPIED_COLUMNS } from "../../outputs/csv-text.js";
import { BARE, BARE_WITH_QUOTES, type RecordScanner } from "../text/row-scanner.js";
import type { Layout } from "../text/text-rows.js";
import { isFormula } from "../write/csv-cell.js";

const COMMA = 44;
const MAX_UINT16 = 0xffff;

/** No run: the cells must be written one by one. */
export const NO_RUN = 0;

/**
 * Finds in which rows the copied columns can be taken over in one piece: they stand together, between commas,
 * and none of them needs quotes or an apostrophe. Found while the log is loaded, so that the export need not
 * look for cells again.
 */
export class RunFinder {
  readonly #first: number;
  readonly #isPossible: boolean;

  constructor(layout: Layout) {
    const cells = COPIED_COLUMNS.map((column) => layout.columns[column]);
    this.#first = cells[0] as number;
    this.#isPossible =
      layout.delimiter === COMMA && cells.every((cell, i) => cell >= 0 && cell === this.#first + i);
  }

  /**
   * Where the run of the scanned row lies, packed; `NO_RUN` when there is none.
   * @param rowStart position of the row in `bytes`.
   */
  find(bytes: Uint8Array, scanner: RecordScanner, rowStart: number): number {
    if (!this.#isPossible) return NO_RUN;
    const { starts, ends, quoting } = scanner;
    const last = this.#first + COPIED_COLUMNS.length - 1;
    for (let cell = this.#first; cell <= last; cell++) {
      if (quoting[cell] === BARE_WITH_QUOTES) return NO_RUN;
      if (isFormula(bytes, starts[cell] as number, ends[cell] as number)) return NO_RUN;
    }
    const start = (starts[this.#first] as number) - (quoting[this.#first] === BARE ? 0 : 1) - rowStart;
    const length = (ends[last] as number) + (quoting[last] === BARE ? 0 : 1) - rowStart - start;
    return start > MAX_UINT16 || length > MAX_UINT16 ? NO_RUN : start * (MAX_UINT16 + 1) + length;
  }
}

/** Start of a packed run, from the start of its row. */
export function runStart(run: number): number {
  return run >>> 16;
}

/** Bytes of a packed run. */
export function runLength(run: number): number {
  return run & MAX_UINT16;
}
