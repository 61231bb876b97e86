import { ByteInterner } from "../bytes/byte-interner.js";
import { QUOTED_WITH_QUOTES, type RecordScanner } from "../reading/records.js";

/** How "logged in as" joins the two names, in the languages that are known to. */
const LOGIN_AS = /^(.+?) (?:as|como|en tant que|als|come|com a) (.+)$/;

/** What the name column says of who acted. */
export interface NameFacts {
  /** Empty when missing. */
  readonly name: string;
  readonly isLoginAs: boolean;
}

/** Reads a cell of the name column. Of somebody logged in as somebody else, the name is of the one whose account acted, as the user id is. */
export function readName(cell: string): NameFacts {
  const name = cell.trim();
  if (name === "" || name === "-") return { name: "", isLoginAs: false };
  const match = LOGIN_AS.exec(name);
  return match === null ? { name, isLoginAs: false } : { name: (match[2] ?? name).trim(), isLoginAs: true };
}

/** Numbers the distinct texts of one column. */
export class CellInterner {
  readonly #interner = new ByteInterner();
  #unquoted = Buffer.alloc(256);

  /** The number of a cell's text; `cell` is a position in the scanned row, or -1 for a column that the log has not. */
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
