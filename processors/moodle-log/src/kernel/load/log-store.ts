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

  /**
   * Adds the next segment of the text. What it holds is numbered in the order of the text, so that neither
   * the numbers nor a person's name depend on which thread was quicker.
   * @param thread what the segment's numbers stand for.
   */
  add(segment: Segment, thread: ThreadDictionaries): void {
    renumber(segment.kinds, thread.kinds, (kind) => numberOf(this.#kindIds, this.kinds, kind));
    renumber(segment.actors, thread.actors, (actor) => this.#numberOfActor(actor));
    renumber(segment.places, thread.places, (place) => numberOf(this.#placeIds, this.places, place));
    const line = this.#line;
    for (let i = 0; i < segment.rows; i++) (segment.lineNumbers[i] as number) += line;
    for (const row of segment.rejected) this.rejected.push({ ...row, line: row.line + line });
    addEvidence(this.evidence, segment.evidence);
    this.#line += segment.lines;
    this.rows += segment.rows;
    if (segment.rows > 0) this.#segments.push(segment);
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

  #numberOfActor(entry: ActorEntry): number {
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

/** What the numbers of one thread stand for; extended by `learn` in the order in which the thread replies. */
export class ThreadDictionaries {
  readonly kinds = new Dictionary<EventKind>();
  readonly actors = new Dictionary<ActorEntry>();
  readonly places = new Dictionary<Place>();

  /** Takes over what the thread met for the first time. */
  learn(segment: Pick<Segment, "newKinds" | "newActors" | "newPlaces">): void {
    for (const kind of segment.newKinds) this.kinds.entries.push(kind);
    for (const actor of segment.newActors) this.actors.entries.push(actor);
    for (const place of segment.newPlaces) this.places.entries.push(place);
  }
}

/** Entries by the number that a thread gave them, and the log's number of those that were used so far. */
class Dictionary<T> {
  readonly entries: T[] = [];
  readonly numbers: number[] = [];
}

/** Replaces a thread's numbers by the log's; `numberOf` is asked once for each entry. */
function renumber<T>(column: Uint32Array, thread: Dictionary<T>, numberOf: (entry: T) => number): void {
  const { entries, numbers } = thread;
  while (numbers.length < entries.length) numbers.push(-1);
  for (let i = 0; i < column.length; i++) {
    const local = column[i] as number;
    if ((numbers[local] as number) < 0) numbers[local] = numberOf(entries[local] as T);
    column[i] = numbers[local] as number;
  }
}

function numberOf<T>(ids: Map<string, number>, list: T[], entry: T): number {
  const key = JSON.stringify(entry);
  const known = ids.get(key);
  if (known !== undefined) return known;
  ids.set(key, list.length);
  return list.push(entry) - 1;
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
