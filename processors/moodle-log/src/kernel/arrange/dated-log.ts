import { isPerson } from "../../people/actor.js";
import type { DateOrder } from "../../time/date-order.js";
import type { Period } from "../../time/period.js";
import { Zone } from "../../time/zone.js";
import { type LogRows, type LogStore, offsetOfRow } from "../load/log-store.js";
import { mergedRejected, RejectedList, type RejectedRows } from "../load/rejected-list.js";
import type { SharedColumn } from "../load/tuple-interner.js";
import { ArrangedLog } from "./arranged-log.js";
import { assignCases, type CaseOptions } from "./case-order.js";
import { mixedDates } from "./mixed-dates.js";
import { reckonYears, type YearBasis } from "./reckon-years.js";
import { IMPOSSIBLE, resolveTimes, USABLE } from "./resolve-times.js";
import { orderByTime } from "./time-order.js";

/** How the times of a log are understood. */
export interface Dating {
  readonly order: DateOrder;
  /** IANA name. */
  readonly timezone: string;
  readonly hasYearlessDates: boolean;
  /** The newest date that is plausible for a log without years, in seconds since 1970. */
  readonly nowSeconds: number;
  /** The year of the newest row of a log without years, when it is known. */
  readonly year: number | undefined;
}

/**
 * The loaded rows with an instant each. Rows are dropped from it one reason after the other, then it is
 * arranged; rows whose date no calendar has are dropped from the start, as rejected. Takes the rows out of
 * the store.
 */
export class DatedLog {
  /** Rows that could not be used, in the order of the file; impossible dates included. */
  readonly rejected: RejectedRows;
  /** How the years of dates without one were found; `undefined` when all have one. */
  readonly yearBasis: YearBasis | undefined;
  /** Dates that show that day and month are mixed, as `25/12/23` and `12/25/23`. */
  readonly mixedDates: readonly [string, string] | undefined;
  readonly #rows: LogRows;
  readonly #instants: SharedColumn;
  readonly #hashes: Float64Array | undefined;
  /** By actor: 1 for somebody, whose events are a case. */
  readonly #isPerson: Uint8Array;
  /** 1 for rows that do not count. */
  readonly #dropped: Uint8Array;

  constructor(store: LogStore, dating: Dating) {
    const { rows, times, hashes } = store.takeRows();
    const zone = new Zone(dating.timezone);
    const reckoned = dating.hasYearlessDates
      ? reckonYears(times, { ...dating, keys: [rows.actors, rows.places, rows.kinds] })
      : undefined;
    const { order } = dating;
    const { instants, faults } = resolveTimes(times, { order, zone, years: reckoned?.years });
    this.yearBasis = reckoned?.basis;
    this.mixedDates = mixedDates(times, faults, order);
    this.#rows = rows;
    this.#instants = instants;
    this.#hashes = hashes;
    const { actors } = store;
    this.#isPerson = new Uint8Array(actors.count);
    for (let actor = 0; actor < actors.count; actor++) {
      if (isPerson({ kind: actors.kindAt(actor) })) this.#isPerson[actor] = 1;
    }
    this.#dropped = faults.map((fault) => (fault === USABLE ? 0 : 1));
    this.rejected = allRejected(store.rejected, rows, faults);
  }

  /**
   * Drops all but one of rows whose text is the same, when the log was loaded with `wantsHashes`; returns how
   * many. Rows with one text share their time, so only those of one second are compared.
   */
  dropDuplicates(): number {
    const hashes = this.#hashes;
    if (hashes === undefined) return 0;
    const { kinds, actors, places } = this.#rows;
    const timeOrder = orderByTime(this.#instants, this.#dropped);
    let count = 0;
    let second = -1;
    const seen = new Set<string>();
    for (let i = 0; i < timeOrder.length; i++) {
      const row = timeOrder[i] as number;
      const instant = this.#instants[row] as number;
      if (instant !== second) seen.clear();
      second = instant;
      const identity = `${hashes[row]},${kinds[row]},${actors[row]},${places[row]}`;
      if (seen.has(identity)) {
        this.#dropped[row] = 1;
        count++;
      } else seen.add(identity);
    }
    return count;
  }

  /**
   * Drops the rows of marked actors that are not dropped yet; returns how many.
   * @param isMarked by actor.
   */
  dropActors(isMarked: readonly boolean[]): number {
    const { actors } = this.#rows;
    return this.#drop((row) => isMarked[actors[row] as number] === true);
  }

  /**
   * The same with the rows of marked places.
   * @param isMarked by place.
   */
  dropPlaces(isMarked: readonly boolean[]): number {
    const { places } = this.#rows;
    return this.#drop((row) => isMarked[places[row] as number] === true);
  }

  /** The same with the rows outside of a period. */
  dropOutside({ from, before }: Period): number {
    const instants = this.#instants;
    return this.#drop((row) => (instants[row] as number) < from || (instants[row] as number) >= before);
  }

  #drop(isUnwanted: (row: number) => boolean): number {
    let count = 0;
    for (let row = 0; row < this.#rows.count; row++) {
      if (this.#dropped[row] !== 0 || !isUnwanted(row)) continue;
      this.#dropped[row] = 1;
      count++;
    }
    return count;
  }

  /** First and last moment of the rows that count, in seconds since 1970; `undefined` when there are none. */
  get span(): readonly [first: number, last: number] | undefined {
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let row = 0; row < this.#rows.count; row++) {
      if (this.#dropped[row] !== 0) continue;
      const instant = this.#instants[row] as number;
      if (instant < first) first = instant;
      if (instant > last) last = instant;
    }
    return last < first ? undefined : [first, last];
  }

  /**
   * Which actors have a row that counts of a marked kind, by actor.
   * @param isMarked by kind of event.
   */
  actorsOf(isMarked: readonly boolean[]): boolean[] {
    const found = new Array<boolean>(this.#isPerson.length).fill(false);
    for (let row = 0; row < this.#rows.count; row++) {
      if (isMarked[this.#rows.kinds[row] as number] && this.#dropped[row] === 0)
        found[this.#rows.actors[row] as number] = true;
    }
    return found;
  }

  /**
   * Puts the rows that count in order of time and into cases.
   * @param pause lets a cancel in between the two.
   */
  async arrange(cases: CaseOptions, pause: () => Promise<void>): Promise<ArrangedLog> {
    const timeOrder = orderByTime(this.#instants, this.#dropped);
    await pause();
    const [rows, instants] = [this.#rows, this.#instants];
    const isPerson = this.#isPerson;
    const assigned = assignCases(rows, { instants, timeOrder }, { ...cases, isPerson });
    return new ArrangedLog({ rows, instants, timeOrder, cases: assigned }, isPerson);
  }
}

function allRejected(rejected: RejectedRows, rows: LogRows, faults: Uint8Array): RejectedRows {
  const dates = new RejectedList();
  for (let row = 0; row < faults.length; row++) {
    const fault = faults[row] as number;
    if (fault === USABLE) continue;
    const reason = fault === IMPOSSIBLE ? "impossible_date" : "mixed_dates";
    dates.add({ offset: offsetOfRow(rows, row), line: rows.lines[row] as number, reason });
  }
  return dates.length === 0 ? rejected : mergedRejected(rejected, dates);
}
