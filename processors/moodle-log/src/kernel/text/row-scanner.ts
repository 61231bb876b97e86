const QUOTE = 34;
const LF = 10;
const CR = 13;

/**
 * The longest row that is read as one; beyond it a quote was left open, and the file must not be swallowed.
 */
export const MAX_RECORD_BYTES = 1 << 20;
const MAX_CELLS = 64;

/** How a cell stands in the file. */
export const BARE = 0;
export const QUOTED = 1;
/** Quoted, with at least one doubled quote inside. */
export const QUOTED_WITH_QUOTES = 2;
/** Not quoted, yet with a quote or a carriage return inside. */
export const BARE_WITH_QUOTES = 3;

/** What `scan` found. */
export type RecordKind = "row" | "blank" | "open_quote" | "too_long";

/**
 * Finds the cells of one row at a time in bytes of UTF-8 (RFC 4180, with any one-byte delimiter, and LF or
 * CRLF).
 *
 * A quote counts only at the start of a cell. A quoted cell must end at a delimiter or a line break; where it
 * does not, or is never closed, only its first line is given up ("open_quote") and reading goes on at the
 * next one, so that a lost quote costs one row. Rescans are bounded: a line that opens a quote also closes
 * one for its predecessor, so no byte is read more than twice or so.
 *
 * After `scan` the fields tell what was found; `next` is where the following row starts.
 */
export class RecordScanner {
  readonly starts = new Int32Array(MAX_CELLS);
  readonly ends = new Int32Array(MAX_CELLS);
  readonly quoting = new Uint8Array(MAX_CELLS);
  /** Cells of the row; those beyond the 64th are counted but not located. */
  count = 0;
  next = 0;
  /** Lines that the row covers. */
  lines = 0;
  readonly #delimiter: number;
  /** 1 for bytes that mean something outside quotes; a table is twice as fast as four comparisons. */
  readonly #isSpecial = new Uint8Array(256);

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
    for (const byte of [delimiter, QUOTE, LF, CR]) this.#isSpecial[byte] = 1;
  }

  /**
   * Reads the row that starts at `position`. `limit` is the end of the file, or at least `MAX_RECORD_BYTES`
   * after `position`.
   */
  scan(bytes: Uint8Array, position: number, limit: number): RecordKind {
    const stop = Math.min(limit, position + MAX_RECORD_BYTES);
    const delimiter = this.#delimiter;
    const isSpecial = this.#isSpecial;
    const highest = Math.max(delimiter, QUOTE); // most bytes are above it, and need no look at the table
    this.count = 0;
    this.lines = 1;
    for (let at = position; ; at++) {
      const start = at;
      let odd = -1;
      if (at < stop && bytes[at] === QUOTE) {
        at = this.#quotedCell(bytes, at, stop);
        if (at < 0) return this.#giveUp(bytes, position, stop, "open_quote");
      } else {
        for (; at < stop; at++) {
          const byte = bytes[at] as number;
          if (byte > highest || isSpecial[byte] === 0) continue;
          if (byte === delimiter || byte === LF) break;
          odd = odd < 0 ? at : odd;
        }
        const isLast = at >= stop || bytes[at] === LF;
        const end = isLast && at > start && bytes[at - 1] === CR ? at - 1 : at;
        this.#locate(start, end, odd >= 0 && odd < end ? BARE_WITH_QUOTES : BARE);
      }
      this.count++;
      if (at < stop && bytes[at] === delimiter) continue;
      if (at >= stop && stop < limit) return this.#giveUp(bytes, position, stop, "too_long");
      this.next = Math.min(at + 1, limit);
      return this.#isBlank() ? "blank" : "row";
    }
  }

  /**
   * The position after the cell's closing quote (at a delimiter, a line feed or the end), or -1 when it is
   * not closed well.
   */
  #quotedCell(bytes: Uint8Array, quote: number, stop: number): number {
    let quoting = QUOTED;
    let at = quote + 1;
    for (;;) {
      for (let byte = 0; at < stop; at++) {
        byte = bytes[at] as number;
        if (byte > QUOTE) continue;
        if (byte === QUOTE) break;
        if (byte === LF) this.lines++;
      }
      if (at >= stop) return -1;
      if (at + 1 >= stop || bytes[at + 1] !== QUOTE) break;
      quoting = QUOTED_WITH_QUOTES;
      at += 2;
    }
    this.#locate(quote + 1, at, quoting);
    at++;
    if (at >= stop) return at;
    const after = bytes[at];
    if (after === this.#delimiter || after === LF) return at;
    if (after === CR && (at + 1 >= stop || bytes[at + 1] === LF)) return at + 1;
    return -1;
  }

  #locate(start: number, end: number, quoting: number): void {
    if (this.count >= MAX_CELLS) return;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.quoting[this.count] = quoting;
  }

  #giveUp(bytes: Uint8Array, position: number, stop: number, kind: RecordKind): RecordKind {
    const lineEnd = bytes.indexOf(LF, position);
    this.next = lineEnd >= 0 && lineEnd < stop ? lineEnd + 1 : stop;
    this.count = 0;
    this.lines = lineEnd >= 0 && lineEnd < stop ? 1 : 0;
    return kind;
  }

  #isBlank(): boolean {
    for (let cell = 0; cell < Math.min(this.count, MAX_CELLS); cell++) {
      if ((this.ends[cell] as number) > (this.starts[cell] as number)) return false;
    }
    return true;
  }
}

/** The text of a located cell, its doubled quotes undone. */
export function cellText(bytes: Buffer, scanner: RecordScanner, cell: number): string {
  const text = bytes.toString("utf8", scanner.starts[cell], scanner.ends[cell]);
  return scanner.quoting[cell] === QUOTED_WITH_QUOTES ? text.replaceAll('""', '"') : text;
}
