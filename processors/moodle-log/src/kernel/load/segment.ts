import { closeSync, openSync, readSync } from "node:fs";
import { threadId } from "node:worker_threads";
import type { DateEvidence } from "../../time/date-order.js";
import { MAX_RECORD_BYTES, type RecordKind, RecordScanner } from "../text/row-scanner.js";
import type { LogText } from "../text/text-rows.js";
import { RunFinder } from "./copied-run.js";
import { DateEvidenceCollector } from "./date-evidence.js";
import { type RejectedColumns, RejectedList, type RejectReason } from "./rejected-list.js";
import { type NewEntries, RowInterpreter } from "./row-interpreter.js";
import { SegmentColumns } from "./segment-columns.js";
import { TimeCellReader, whyNoTime } from "./time-cell.js";

/** A stretch of the text to load. */
export interface SegmentRequest {
  /** Rows that start at or after this byte … */
  readonly from: number;
  /** … and before this one. */
  readonly to: number;
  /**
   * Whether a row is known to start exactly at `from`; else the first plausible start after it is taken, and
   * must be checked.
   */
  readonly isExact: boolean;
}

/**
 * The rows of a stretch of the text, as columns; numbers of kinds, actors and places are those of the thread
 * that loaded it.
 */
export interface Segment {
  /** The thread whose numbers these are. */
  readonly thread: number;
  /** Where the first row starts. */
  readonly start: number;
  /** Where the first row after the stretch starts. */
  readonly end: number;
  /** Lines between the two. */
  readonly lines: number;
  readonly rows: number;
  readonly offsets: Uint32Array<ArrayBuffer>;
  readonly lineNumbers: Uint32Array<ArrayBuffer>;
  readonly times: Float64Array<ArrayBuffer>;
  readonly kinds: Uint32Array<ArrayBuffer>;
  readonly actors: Uint32Array<ArrayBuffer>;
  readonly places: Uint32Array<ArrayBuffer>;
  /** See `RunFinder`. */
  readonly runs: Uint32Array<ArrayBuffer>;
  /** 53 bits of a hash of each row's text, when asked for. */
  readonly hashes: Float64Array<ArrayBuffer> | undefined;
  readonly rejected: RejectedColumns;
  readonly evidence: DateEvidence;
  /** What the thread met for the first time. */
  readonly news: NewEntries;
}

/** What a loader needs to know of the text. */
export interface TextSource extends LogText {
  readonly wantsHashes: boolean;
  /** Whether all names are wanted, those of people who never act, too. */
  readonly wantsAllNames: boolean;
}

const PLAUSIBLE_ROWS = 3;
const MAX_GUESSES = 200;

/** Loads stretches of one text. Owns a file descriptor from its making to `close`. */
export class SegmentLoader {
  readonly #source: TextSource;
  readonly #file: number;
  readonly #scanner: RecordScanner;
  readonly #interpreter: RowInterpreter;
  readonly #runs: RunFinder;
  readonly #timeReader = new TimeCellReader();
  #columns: SegmentColumns;
  #buffer: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #bufferStart = 0;
  #filled = 0;

  constructor(source: TextSource) {
    this.#source = source;
    this.#file = openSync(source.path, "r");
    this.#scanner = new RecordScanner(source.layout.delimiter);
    this.#interpreter = new RowInterpreter(source);
    this.#runs = new RunFinder(source.layout);
    this.#columns = new SegmentColumns(0, source.wantsHashes);
  }

  close(): void {
    closeSync(this.#file);
  }

  load(request: SegmentRequest): Segment {
    this.#fill(request);
    const start = request.isExact ? request.from : this.#guessStart(request);
    const columns = this.#columns.cleared(request.to - request.from);
    this.#columns = columns;
    const rejected = new RejectedList();
    const collector = new DateEvidenceCollector();
    let at = start - this.#bufferStart;
    const stop = request.to - this.#bufferStart;
    const { countsRows } = this.#source.layout;
    let lines = 0;
    while (at < stop && at < this.#filled) {
      const kind = this.#scanner.scan(this.#buffer, at, this.#filled);
      const usable = this.#usableTime(kind);
      if (typeof usable === "number") {
        collector.add(usable);
        this.#interpreter.read(this.#buffer, this.#scanner);
        const run = this.#runs.find(this.#buffer, this.#scanner, at);
        columns.add(
          { offset: at + this.#bufferStart - start, line: lines, time: usable, run },
          this.#interpreter,
        );
        if (columns.hashes !== undefined) columns.hashes[columns.rows - 1] = this.#hash();
      } else if (usable !== "blank")
        rejected.add({ offset: at + this.#bufferStart, line: lines, reason: usable });
      lines += countsRows ? 1 : this.#scanner.lines;
      at = this.#scanner.next;
    }
    return {
      ...columns.trimmed(),
      thread: threadId,
      start,
      end: at + this.#bufferStart,
      lines,
      rejected: rejected.columns(),
      evidence: collector.evidence,
      news: this.#interpreter.takeNew(),
    };
  }

  /** Reads the stretch, and after it as much as the longest row may need. */
  #fill({ from, to }: SegmentRequest): void {
    const length = Math.min(to + MAX_RECORD_BYTES, this.#source.sizeBytes) - from;
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(length);
    this.#bufferStart = from;
    this.#filled = 0;
    while (this.#filled < length) {
      const read = readSync(
        this.#file,
        this.#buffer,
        this.#filled,
        length - this.#filled,
        from + this.#filled,
      );
      if (read === 0) break;
      this.#filled += read;
    }
  }

  /** The packed time of a usable row, or why it is none. */
  #usableTime(kind: RecordKind): number | RejectReason | "blank" {
    if (kind !== "row") return kind;
    const { columns, cells } = this.#source.layout;
    if (this.#scanner.count !== cells && !this.#hasEmptyTail(cells)) return "cell_count";
    const start = this.#scanner.starts[columns.time] as number;
    const end = this.#scanner.ends[columns.time] as number;
    const time = this.#timeReader.read(this.#buffer, start, end);
    return Number.isNaN(time) ? whyNoTime(this.#buffer, start, end) : time;
  }

  /** Whether the row is longer only by empty cells, as spreadsheets leave them. */
  #hasEmptyTail(cells: number): boolean {
    const { count, starts, ends } = this.#scanner;
    if (count < cells || count > starts.length) return false;
    for (let cell = cells; cell < count; cell++) if (starts[cell] !== ends[cell]) return false;
    return true;
  }

  /**
   * A start of a row at or after the stretch's begin: the first line break after which a few good rows
   * follow. It is a guess, since a line break may lie inside a cell; the reader of the stretch before knows
   * for certain, and a wrong guess is loaded again.
   */
  #guessStart({ from, to }: SegmentRequest): number {
    let first: number | undefined;
    let at = 0;
    for (let guess = 0; guess < MAX_GUESSES; guess++) {
      const lineFeed = this.#buffer.indexOf(10, at);
      if (lineFeed < 0 || lineFeed + 1 >= this.#filled || lineFeed + 1 + this.#bufferStart > to) break;
      at = lineFeed + 1;
      first ??= at;
      if (this.#isPlausible(at)) return at + from;
    }
    return (first ?? to - from) + from;
  }

  #isPlausible(start: number): boolean {
    let at = start;
    for (let row = 0; row < PLAUSIBLE_ROWS && at < this.#filled; row++) {
      if (typeof this.#usableTime(this.#scanner.scan(this.#buffer, at, this.#filled)) !== "number")
        return false;
      at = this.#scanner.next;
    }
    return true;
  }

  /** Hash of the row's text from its first known column on, so that a stray index in front does not count. */
  #hash(): number {
    const { columns, cells } = this.#source.layout;
    const first = columns.course >= 0 ? Math.min(columns.course, columns.time) : columns.time;
    const end = this.#scanner.ends[cells - 1] as number;
    let a = 0x811c9dc5;
    let b = 0x2f6e2b1;
    for (let at = this.#scanner.starts[first] as number; at < end; at++) {
      const byte = this.#buffer[at] as number;
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b + byte, 0x85ebca6b) ^ (b >>> 13);
    }
    return (a >>> 0) * 2 ** 21 + (b >>> 11);
  }
}
