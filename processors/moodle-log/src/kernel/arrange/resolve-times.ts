import { isDate } from "../../time/calendar.js";
import { DATE_ORDERS, type DateOrder } from "../../time/date-order.js";
import type { Zone } from "../../time/zone.js";
import {
  DATE,
  DAY_SECONDS as DAY,
  INSTANT,
  kindOf,
  NO_YEAR,
  splitDate,
  unpackTime,
} from "../load/packed-time.js";
import type { SharedColumn } from "../load/tuple-interner.js";

/** What the packed times mean, once the order of dates and the zone are known. */
export interface ResolvedTimes {
  /** Seconds since 1970, UTC, by row; 0 where the date is impossible. */
  readonly instants: SharedColumn;
  /** By row, whether its date can be used: `USABLE`, `IMPOSSIBLE` or `MIXED`. */
  readonly faults: Uint8Array;
}

export const USABLE = 0;
/** No calendar has the date, as 31/02. */
export const IMPOSSIBLE = 1;
/** The date exists only when day and month are read the other way round, as 12/25/23 beside 25/12/23. */
export const MIXED = 2;

/**
 * Turns a column of packed times into instants.
 * @param options.years by row, for dates without one.
 */
export function resolveTimes(
  times: Float64Array,
  options: {
    readonly order: DateOrder;
    readonly zone: Zone;
    readonly years: Uint16Array | undefined;
  },
): ResolvedTimes {
  const instants = new Uint32Array(new SharedArrayBuffer(times.length * 4));
  const faults = new Uint8Array(times.length);
  const { years } = options;
  const order = DATE_ORDERS.indexOf(options.order);
  const parts = new Int32Array(4);
  const calendar = new Calendar();
  for (let row = 0; row < times.length; row++) {
    const packed = times[row] as number;
    const kind = kindOf(packed);
    if (kind === INSTANT) {
      instants[row] = Math.floor(packed / 8);
      continue;
    }
    unpackTime(packed, parts);
    const day =
      kind === DATE
        ? calendar.day(parts[0] as number, parts[1] as number, parts[2] as number)
        : kind === NO_YEAR
          ? calendar.day(years?.[row] as number, parts[1] as number, parts[2] as number)
          : calendar.dayOf(splitDate(order, kind, parts));
    const instant = day < 0 ? -1 : options.zone.instantOf(day * DAY + (parts[3] as number));
    if (instant >= 0) instants[row] = instant;
    else faults[row] = isDateTheOtherWay(order, kind, parts) ? MIXED : IMPOSSIBLE;
  }
  return { instants, faults };
}

/** Whether a date of three numbers exists with day and month the other way round. */
export function isDateTheOtherWay(order: number, kind: number, parts: Int32Array): boolean {
  if (order > 1 || kind === DATE || kind === NO_YEAR || kind === INSTANT) return false;
  const date = splitDate(1 - order, kind, parts);
  return date !== undefined && isDate(...date);
}

/** Days since 1970 of dates, with the latest one remembered: neighbouring rows mostly share it. */
class Calendar {
  #key = -1;
  #day = -1;

  /** Days since 1970, or -1 for a date that does not exist. */
  day(year: number, month: number, day: number): number {
    const key = (year * 100 + month) * 100 + day;
    if (key !== this.#key) {
      this.#key = key;
      this.#day = isDate(year, month, day) ? Date.UTC(year, month - 1, day) / (DAY * 1000) : -1;
    }
    return this.#day;
  }

  dayOf(date: readonly [number, number, number] | undefined): number {
    return date === undefined ? -1 : this.day(date[0], date[1], date[2]);
  }
}
