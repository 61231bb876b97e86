import { closeSync, openSync, readSync } from "node:fs";
import { type LogRows, stretchOfRow } from "../load/log-store.js";
import { MAX_RECORD_BYTES, RecordScanner } from "../text/row-scanner.js";
import type { ExportSource } from "./export-source.js";

/** Up to this many bytes between the first and the last row of a chunk, it is read in one piece. */
const LARGEST_WINDOW_BYTES = 12 << 20;
const USUAL_ROW_BYTES = 8 << 10;

/**
 * Reads rows of the text again, by number. A log is nearly always in order of time, so the rows of a chunk
 * lie together and are read at once; where it is not, each is read by itself. Owns a file descriptor from its
 * making to `close`.
 */
export class RowText {
  /** Where the cells of the latest row lie. */
  readonly scanner: RecordScanner;
  buffer: Buffer<ArrayBuffer> = Buffer.alloc(0);
  readonly #rows: LogRows;
  readonly #file: number;
  readonly #size: number;
  #start = 0;
  #filled = 0;
  #stretch = 0;

  constructor(source: Pick<ExportSource, "path" | "sizeBytes" | "layout" | "rows">) {
    this.#rows = source.rows;
    this.#size = source.sizeBytes;
    this.scanner = new RecordScanner(source.layout.delimiter);
    this.#file = openSync(source.path, "r");
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Prepares to read the rows `order[from, to)`. */
  open(order: Uint32Array, from: number, to: number): void {
    let first = Number.POSITIVE_INFINITY;
    let last = -1;
    for (let i = from; i < to; i++) {
      const row = order[i] as number;
      if (row < first) first = row;
      if (row > last) last = row;
    }
    this.#filled = 0;
    if (last < 0) return;
    // Rows are numbered as they lie in the text: the last one ends where the next begins, or before.
    const start = this.offsetOf(first);
    const end =
      last + 1 < this.#rows.count ? this.offsetOf(last + 1) : this.offsetOf(last) + MAX_RECORD_BYTES;
    if (end - start <= LARGEST_WINDOW_BYTES) this.#read(start, end - start + USUAL_ROW_BYTES);
  }

  /** Position in `buffer` of `length` bytes that start `from` bytes into a row. */
  find(row: number, from: number, length: number): number {
    const offset = this.offsetOf(row) + from;
    const isLoaded = offset >= this.#start && offset + length <= this.#start + this.#filled;
    if (!isLoaded) this.#read(offset, Math.max(length, USUAL_ROW_BYTES));
    return offset - this.#start;
  }

  /** Locates the cells of a row in `buffer`. */
  locate(row: number): void {
    const offset = this.offsetOf(row);
    const isLoaded = offset >= this.#start && offset < this.#start + this.#filled;
    if (!isLoaded) this.#read(offset, USUAL_ROW_BYTES);
    this.#scan(offset);
    if (this.scanner.next >= this.#filled && this.#start + this.#filled < this.#size) {
      this.#read(offset, MAX_RECORD_BYTES);
      this.#scan(offset);
    }
  }

  /** Byte of the text at which a row starts. */
  offsetOf(row: number): number {
    const { stretchRows, stretchStarts, offsets } = this.#rows;
    const after = stretchRows[this.#stretch + 1];
    if (row < (stretchRows[this.#stretch] as number) || (after !== undefined && row >= after)) {
      this.#stretch = stretchOfRow(this.#rows, row);
    }
    return (stretchStarts[this.#stretch] as number) + (offsets[row] as number);
  }

  #scan(offset: number): void {
    this.scanner.scan(this.buffer, offset - this.#start, this.#filled);
  }

  #read(start: number, bytes: number): void {
    const length = Math.min(bytes, this.#size - start);
    if (this.buffer.length < length) this.buffer = Buffer.allocUnsafeSlow(length);
    this.#start = start;
    this.#filled = 0;
    while (this.#filled < length) {
      const read = readSync(
        this.#file,
        this.buffer,
        this.#filled,
        length - this.#filled,
        start + this.#filled,
      );
      if (read === 0) break;
      this.#filled += read;
    }
  }
}
