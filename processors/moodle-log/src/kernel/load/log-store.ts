import type { EventKind } from "../../events/wording.js";
import { addEvidence, type DateEvidence, noEvidence } from "../../time/date-order.js";
import type { ActorTable } from "./actor-table.js";
import { assertWithin } from "./log-limits.js";
import { type PlaceTable, TableBuilder } from "./log-tables.js";
import { RejectedList } from "./rejected-list.js";
import type { Segment } from "./segment.js";
import type { ThreadNumbers } from "./thread-numbers.js";
import type { SharedColumn } from "./tuple-interner.js";

/**
 * The usable rows of a log in the order of the file, a number per row and column; cells stay in the text and
 * are read again for the output. 24 bytes a row.
 */
export interface LogRows {
  readonly count: number;
  /** Start of each stretch in the text, and the number of its first row. */
  readonly stretchStarts: Float64Array<SharedArrayBuffer>;
  readonly stretchRows: SharedColumn;
  /** Start of the row, from the start of its stretch. */
  readonly offsets: SharedColumn;
  /** Line in the file, 1-based. */
  readonly lines: SharedColumn;
  readonly kinds: SharedColumn;
  readonly actors: SharedColumn;
  readonly places: SharedColumn;
  /** Where the cells lie that are copied to the output in one piece; see `RunFinder`. */
  readonly runs: SharedColumn;
}

/** Byte of the text at which a row starts. */
export function offsetOfRow(rows: LogRows, row: number): number {
  return (rows.stretchStarts[stretchOfRow(rows, row)] as number) + (rows.offsets[row] as number);
}

/** Number of the stretch in which a row lies. */
export function stretchOfRow({ stretchRows }: LogRows, row: number): number {
  let low = 0;
  let high = stretchRows.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((stretchRows[middle] as number) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Gathers segments in the order of the text into one log, with one numbering of kinds, actors and places for
 * all threads.
 */
export class LogStore {
  readonly rejected = new RejectedList();
  readonly evidence: DateEvidence = noEvidence();
  rows = 0;
  #line: number;
  readonly #segments: Segment[] = [];
  #builder: TableBuilder | undefined = new TableBuilder();
  #tables: (ReturnType<TableBuilder["tables"]> & { readonly kinds: readonly EventKind[] }) | undefined;

  /** @param firstLine line of the file on which the data starts. */
  constructor(firstLine: number) {
    this.#line = firstLine;
  }

  /** Lines of the file up to the last segment. */
  get line(): number {
    return this.#line;
  }

  get kinds(): readonly EventKind[] {
    return this.#finished.kinds;
  }

  get actors(): ActorTable {
    return this.#finished.actors;
  }

  get places(): PlaceTable {
    return this.#finished.places;
  }

  /** Takes over what a thread met for the first time, in the order in which it replied. */
  learn(segment: Segment, thread: ThreadNumbers): void {
    this.#unfinished.learn(thread, segment.news);
  }

  /**
   * Adds the next segment of the text. What it holds is numbered in the order of the text, so that neither
   * the numbers nor a person's name depend on which thread was quicker.
   * @param thread what the segment's numbers stand for.
   */
  add(segment: Segment, thread: ThreadNumbers): void {
    const builder = this.#unfinished;
    thread.renumber("kinds", segment.kinds, (kind) => builder.numberOfKind(thread, kind));
    thread.renumber("actors", segment.actors, (actor) => builder.numberOfActor(thread, actor));
    thread.renumber("places", segment.places, (place) => builder.numberOfPlace(thread, place));
    const line = this.#line;
    for (let i = 0; i < segment.rows; i++) (segment.lineNumbers[i] as number) += line;
    this.rejected.addStretch(segment.rejected, line);
    addEvidence(this.evidence, segment.evidence);
    this.#line += segment.lines;
    this.rows += segment.rows;
    assertWithin({ rows: this.rows });
    if (segment.rows > 0) this.#segments.push(segment);
  }

  /** Ends the adding: from then on the tables can be read. */
  finish(): void {
    const builder = this.#unfinished;
    this.#tables = { kinds: builder.kinds, ...builder.tables() };
    this.#builder = undefined;
  }

  get #unfinished(): TableBuilder {
    if (this.#builder === undefined) throw new Error("A finished log takes no more rows.");
    return this.#builder;
  }

  get #finished() {
    if (this.#tables === undefined) throw new Error("The log is not finished.");
    return this.#tables;
  }

  /** The rows as columns for all threads, and the packed times; empties the store of its segments. */
  takeRows(): {
    readonly rows: LogRows;
    readonly times: Float64Array;
    readonly hashes: Float64Array | undefined;
  } {
    const segments = this.#segments.splice(0);
    const rows = emptyRows(this.rows, segments.length);
    const times = new Float64Array(this.rows);
    const hashes = segments[0]?.hashes === undefined ? undefined : new Float64Array(this.rows);
    let at = 0;
    for (let index = 0; index < segments.length; index++) {
      const segment = segments[index] as Segment;
      rows.stretchStarts[index] = segment.start;
      rows.stretchRows[index] = at;
      rows.offsets.set(segment.offsets, at);
      rows.lines.set(segment.lineNumbers, at);
      rows.kinds.set(segment.kinds, at);
      rows.actors.set(segment.actors, at);
      rows.places.set(segment.places, at);
      rows.runs.set(segment.runs, at);
      times.set(segment.times, at);
      if (segment.hashes !== undefined) hashes?.set(segment.hashes, at);
      at += segment.rows;
      delete segments[index]; // its memory can go while the others are copied
    }
    const { joinedActors } = this.#finished;
    if (joinedActors !== undefined) {
      for (let row = 0; row < rows.count; row++)
        rows.actors[row] = joinedActors[rows.actors[row] as number] as number;
    }
    return { rows, times, hashes };
  }
}

function emptyRows(count: number, stretches: number): LogRows {
  const column = (length: number) => new Uint32Array(new SharedArrayBuffer(length * 4));
  return {
    count,
    stretchStarts: new Float64Array(new SharedArrayBuffer(stretches * 8)),
    stretchRows: column(stretches),
    offsets: column(count),
    lines: column(count),
    kinds: column(count),
    actors: column(count),
    places: column(count),
    runs: column(count),
  };
}
