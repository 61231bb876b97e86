import type { EventKind } from "../../events/wording.js";
import { type Actor, type ActorEntry, actorLabel } from "../../people/actor.js";
import type { Place } from "../../places/courses.js";
import { addEvidence, type DateEvidence, noEvidence } from "../../time/date-order.js";
import type { RejectedRow, Segment } from "./segment.js";

/** A column that threads can read, too. */
export type SharedColumn = Uint32Array<SharedArrayBuffer>;

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
  readonly kinds: EventKind[] = [];
  readonly actors: Actor[] = [];
  readonly places: Place[] = [];
  readonly rejected: RejectedRow[] = [];
  readonly evidence: DateEvidence = noEvidence();
  rows = 0;
  #line: number;
  readonly #segments: Segment[] = [];
  readonly #kindIds = new Map<string, number>();
  readonly #actorIds = new Map<string, number>();
  readonly #placeIds = new Map<string, number>();

  /** @param firstLine line of the file on which the data starts. */
  constructor(firstLine: number) {
    this.#line = firstLine;
  }

  /** Lines of the file up to the last segment. */
  get line(): number {
    return this.#line;
  }

  /** Adds the next segment of the text, its numbers as `numbersOf` its thread. */
  add(segment: Segment, numbers: ThreadNumbers): void {
    renumber(segment.kinds, numbers.kinds);
    renumber(segment.actors, numbers.actors);
    renumber(segment.places, numbers.places);
    const line = this.#line;
    for (let i = 0; i < segment.rows; i++) (segment.lineNumbers[i] as number) += line;
    for (const row of segment.rejected) this.rejected.push({ ...row, line: row.line + line });
    addEvidence(this.evidence, segment.evidence);
    this.#line += segment.lines;
    this.rows += segment.rows;
    if (segment.rows > 0) this.#segments.push(segment);
  }

  /** Extends what a thread's numbers stand for by what it met for the first time. */
  learn(numbers: ThreadNumbers, segment: Segment): void {
    for (const kind of segment.newKinds) numbers.kinds.push(this.#numberOf(this.#kindIds, this.kinds, kind));
    for (const place of segment.newPlaces)
      numbers.places.push(this.#numberOf(this.#placeIds, this.places, place));
    for (const actor of segment.newActors) numbers.actors.push(this.#actor(actor));
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
    return { rows, times, hashes };
  }

  #numberOf<T>(ids: Map<string, number>, list: T[], entry: T): number {
    const key = JSON.stringify(entry);
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, list.length);
    return list.push(entry) - 1;
  }

  #actor(entry: ActorEntry): number {
    const key = `${entry.kind}:${entry.text}`;
    const known = this.#actorIds.get(key);
    if (known === undefined) {
      this.#actorIds.set(key, this.actors.length);
      return this.actors.push({ ...entry, label: actorLabel(entry) }) - 1;
    }
    const actor = this.actors[known] as Actor;
    if (actor.name === "" && entry.name !== "") this.actors[known] = { ...actor, name: entry.name };
    return known;
  }
}

/** What the numbers of one thread stand for in the whole log. */
export interface ThreadNumbers {
  readonly kinds: number[];
  readonly actors: number[];
  readonly places: number[];
}

function renumber(column: Uint32Array, numbers: readonly number[]): void {
  for (let i = 0; i < column.length; i++) column[i] = numbers[column[i] as number] as number;
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
