import { QUOTED_WITH_QUOTES, type RecordScanner } from "../text/row-scanner.js";
import { ByteInterner } from "./byte-interner.js";

/** Numbers the distinct texts of one column. */
export class CellInterner {
  readonly #interner = new ByteInterner();
  #unquoted = Buffer.alloc(256);

  /**
   * The number of a cell's text; `cell` is a position in the scanned row, or -1 for a column that the log has
   * not.
   */
  intern(bytes: Buffer, scanner: RecordScanner, cell: number): number {
    if (cell < 0) return this.#interner.intern(bytes, 0, 0);
    const start = scanner.starts[cell] as number;
    const end = scanner.ends[cell] as number;
    if (scanner.quoting[cell] !== QUOTED_WITH_QUOTES) return this.#interner.intern(bytes, start, end);
    const length = this.#unquote(bytes, start, end);
    return this.#interner.intern(this.#unquoted, 0, length);
  }

  textOf(id: number): string {
    return this.#interner.textOf(id);
  }

  #unquote(bytes: Buffer, start: number, end: number): number {
    if (this.#unquoted.length < end - start) this.#unquoted = Buffer.alloc((end - start) * 2);
    let length = 0;
    for (let at = start; at < end; at++) {
      if (bytes[at] === 34) at++;
      this.#unquoted[length++] = bytes[at] as number;
    }
    return length;
  }
}
