import type { CaseBy } from "../../outputs/shown-log.js";
import type { LogRows, SharedColumn } from "../load/log-store.js";
import type { CaseLabels } from "../write/export-source.js";

/** How rows are gathered into cases. */
export interface CaseOptions {
  readonly by: CaseBy;
  /** With sessions: a longer pause begins a new one. */
  readonly sessionGapSeconds: number;
  /** Course by place, as a number into `courses`. */
  readonly courseOfPlace: readonly number[];
  readonly courses: readonly string[];
}

interface ActorCount {
  readonly actorCount: number;
}

/** The cases of a log. */
export interface Cases {
  readonly count: number;
  /** Case by row; numbered as they begin. */
  readonly cases: SharedColumn;
  readonly labels: CaseLabels;
  /** Rows by case, ascending in time within each. */
  readonly caseOrder: SharedColumn;
}

/**
 * Assigns each kept row to its case.
 * @param timeOrder the kept rows in ascending time.
 */
export function assignCases(
  rows: LogRows,
  times: { readonly instants: SharedColumn; readonly timeOrder: SharedColumn },
  options: CaseOptions & ActorCount,
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
  const labels: CaseLabels = {
    by: options.by,
    actors: shared(numbering.actors),
    parts: shared(numbering.parts),
    courses: options.by === "user_course" ? options.courses : [],
  };
  const count = numbering.actors.length;
  return { count, cases, labels, caseOrder: orderByCase(timeOrder, cases, count) };
}

class CaseNumbering {
  /** Actor by case. */
  readonly actors: number[] = [];
  /** What tells apart the cases of an actor: course or session number. */
  readonly parts: number[] = [];
  readonly #options: CaseOptions & ActorCount;
  readonly #numbers = new Map<number, number>();
  readonly #sessions: Uint32Array;
  readonly #latest: Float64Array;

  constructor(options: CaseOptions & ActorCount) {
    this.#options = options;
    this.#sessions = new Uint32Array(options.actorCount);
    this.#latest = new Float64Array(options.actorCount).fill(Number.NEGATIVE_INFINITY);
  }

  caseOf(actor: number, place: number, instant: number): number {
    const { by, courseOfPlace, actorCount } = this.#options;
    const part =
      by === "user" ? 0 : by === "session" ? this.#session(actor, instant) : (courseOfPlace[place] as number);
    const key = part * actorCount + actor;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.actors.length;
    this.#numbers.set(key, number);
    this.actors.push(actor);
    this.parts.push(part);
    return number;
  }

  #session(actor: number, instant: number): number {
    const isNew = instant - (this.#latest[actor] as number) > this.#options.sessionGapSeconds;
    this.#latest[actor] = instant;
    if (isNew) (this.#sessions[actor] as number)++;
    return this.#sessions[actor] as number;
  }
}

function orderByCase(timeOrder: SharedColumn, cases: SharedColumn, count: number): SharedColumn {
  const order = new Uint32Array(new SharedArrayBuffer(timeOrder.length * 4));
  const ends = new Uint32Array(count + 1);
  for (let i = 0; i < timeOrder.length; i++)
    (ends[(cases[timeOrder[i] as number] as number) + 1] as number)++;
  for (let number = 0; number < count; number++) (ends[number + 1] as number) += ends[number] as number;
  for (let i = 0; i < timeOrder.length; i++) {
    const row = timeOrder[i] as number;
    order[(ends[cases[row] as number] as number)++] = row;
  }
  return order;
}

function shared(values: readonly number[]): SharedColumn {
  const column = new Uint32Array(new SharedArrayBuffer(values.length * 4));
  column.set(values);
  return column;
}
