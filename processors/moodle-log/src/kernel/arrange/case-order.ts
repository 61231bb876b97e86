import type { CaseBy } from "../../outputs/shown-log.js";
import type { LogRows } from "../load/log-store.js";
import type { SharedColumn } from "../load/tuple-interner.js";
import { TupleInterner } from "../load/tuple-interner.js";
import type { CaseLabels } from "../write/export-source.js";

/** How rows are gathered into cases. */
export interface CaseOptions {
  readonly by: CaseBy;
  /** With sessions: a longer pause begins a new one. */
  readonly sessionGapSeconds: number;
  /** Course by place, as a number. */
  readonly courseOfPlace: readonly number[];
}

interface CaseActors {
  /** By actor: 1 for somebody, 0 for the system and for who is unknown. */
  readonly isPerson: Uint8Array;
}

/** The cases of a log: those of people. The system's events and those of nobody known stand in none. */
export interface Cases {
  readonly count: number;
  /** Case by row; numbered as they begin. Rows of nobody have a number, too, for its label. */
  readonly cases: SharedColumn;
  readonly labels: CaseLabels;
  /** Rows of people by case, ascending in time within each. */
  readonly caseOrder: SharedColumn;
  /** By case: where its rows end in `caseOrder`. They start where those of the case before it end. */
  readonly caseEnds: SharedColumn;
}

/**
 * Assigns each kept row to its case.
 * @param timeOrder the kept rows in ascending time.
 */
export function assignCases(
  rows: LogRows,
  times: { readonly instants: SharedColumn; readonly timeOrder: SharedColumn },
  options: CaseOptions & CaseActors,
): Cases {
  const { timeOrder, instants } = times;
  const cases = new Uint32Array(new SharedArrayBuffer(rows.count * 4));
  const numbering = new CaseNumbering(options);
  for (let i = 0; i < timeOrder.length; i++) {
    const row = timeOrder[i] as number;
    cases[row] = numbering.caseOf(
      rows.actors[row] as number,
      rows.places[row] as number,
      instants[row] as number,
    );
  }
  const { labels } = numbering;
  const isCase = Uint8Array.from(labels.actors, (actor) => options.isPerson[actor] as number);
  const count = isCase.reduce((sum, is) => sum + is, 0);
  const { order, ends } = orderByNumber(timeOrder, cases, isCase);
  return { count, cases, labels, caseOrder: order, caseEnds: ends };
}

class CaseNumbering {
  readonly #options: CaseOptions & CaseActors;
  /** Actor, and what tells apart the cases of an actor: course or session number. */
  readonly #cases = new TupleInterner(2);
  readonly #sessions: Uint32Array;
  readonly #latest: Float64Array;

  constructor(options: CaseOptions & CaseActors) {
    this.#options = options;
    this.#sessions = new Uint32Array(options.isPerson.length);
    this.#latest = new Float64Array(options.isPerson.length).fill(Number.NEGATIVE_INFINITY);
  }

  get labels(): CaseLabels {
    const [actors, parts] = [this.#cases.sharedColumn(0), this.#cases.sharedColumn(1)];
    return { by: this.#options.by, actors, parts };
  }

  caseOf(actor: number, place: number, instant: number): number {
    const { by, courseOfPlace } = this.#options;
    if (by === "user") return this.#cases.intern(actor, 0);
    const part = by === "session" ? this.#session(actor, instant) : (courseOfPlace[place] as number);
    return this.#cases.intern(actor, part);
  }

  #session(actor: number, instant: number): number {
    const isNew = instant - (this.#latest[actor] as number) > this.#options.sessionGapSeconds;
    this.#latest[actor] = instant;
    if (isNew) (this.#sessions[actor] as number)++;
    return this.#sessions[actor] as number;
  }
}

/**
 * Rows by the number that they have, in the order of time within each.
 * @param numbers by row.
 * @param isWanted not 0 by number; rows of the others are left out.
 */
export function orderByNumber(
  timeOrder: SharedColumn,
  numbers: SharedColumn,
  isWanted: Uint8Array,
): { readonly order: SharedColumn; readonly ends: SharedColumn } {
  const ends = new Uint32Array(new SharedArrayBuffer(isWanted.length * 4));
  for (let i = 0; i < timeOrder.length; i++) {
    const number = numbers[timeOrder[i] as number] as number;
    if (isWanted[number]) (ends[number] as number)++;
  }
  let rows = 0;
  for (let number = 0; number < isWanted.length; number++) {
    const count = ends[number] as number;
    ends[number] = rows; // where its rows start, until they are placed
    rows += count;
  }
  const order = new Uint32Array(new SharedArrayBuffer(rows * 4));
  for (let i = 0; i < timeOrder.length; i++) {
    const row = timeOrder[i] as number;
    const number = numbers[row] as number;
    if (isWanted[number]) order[(ends[number] as number)++] = row;
  }
  return { order, ends };
}
