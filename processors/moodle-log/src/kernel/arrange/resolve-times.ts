import { isDate } from "../../time/calendar.js";
import { DATE_ORDERS, type DateOrder } from "../../time/date-order.js";
import type { Zone } from "../../time/zone.js";
import type { SharedColumn } from "../load/log-tables.js";
import {
  DATE,
  DAY_SECONDS as DAY,
  INSTANT,
  kindOf,
  NO_YEAR,
  splitDate,
  unpackTime,
} from "../load/packed-time.js";

/**
 * How many days the calendar may jump ahead, in a log without years, before it is taken as the year before.
 */
const YEAR_TURN_DAYS = 7;

/** What the packed times mean, once the order of dates and the zone are known. */
export interface ResolvedTimes {
  /** Seconds since 1970, UTC, by row; 0 where the date is impossible. */
  readonly instants: SharedColumn;
  /** Rows whose date no calendar has, as 31/02. */
  readonly impossible: readonly number[];
}

/**
 * Turns a column of packed times into instants.
 * @param options.nowSeconds the newest date that is plausible for a log without years.
 */
export function resolveTimes(
  times: Float64Array,
  options: {
    readonly order: DateOrder;
    readonly zone: Zone;
    readonly hasYearlessDates: boolean;
    readonly nowSeconds: number;
  },
): ResolvedTimes {
  const instants = new Uint32Array(new SharedArrayBuffer(times.length * 4));
  const impossible: number[] = [];
  const years = options.hasYearlessDates ? reckonYears(times, options.nowSeconds) : undefined;
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
    if (instant < 0) impossible.push(row);
    else instants[row] = instant;
  }
  return { instants, impossible };
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

/**
 * Years for dates without one, by row. The newest row gets the latest year in which it is not in the future;
 * going back in time from it, each jump ahead in the calendar is the turn of a year.
 */
function reckonYears(times: Float64Array, nowSeconds: number): Uint16Array {
  const years = new Uint16Array(times.length);
  const parts = new Int32Array(4);
  const step = isNewestFirst(times) ? 1 : -1;
  const now = new Date((nowSeconds + DAY) * 1000);
  const nowOrdinal = (now.getUTCMonth() + 1) * 31 + now.getUTCDate();
  let year = now.getUTCFullYear();
  let latest = nowOrdinal;
  let slack = 0;
  for (let at = 0, row = step > 0 ? 0 : times.length - 1; at < times.length; at++, row += step) {
    const packed = times[row] as number;
    if (kindOf(packed) !== NO_YEAR) continue;
    unpackTime(packed, parts);
    const [, month, day] = parts as unknown as [number, number, number];
    const ordinal = month * 31 + day;
    if (ordinal > latest + slack) year--;
    if (month === 2 && day === 29) while (!isDate(year, 2, 29) && year > 1970) year--;
    latest = ordinal;
    slack = YEAR_TURN_DAYS;
    years[row] = year;
  }
  return years;
}

function isNewestFirst(times: Float64Array): boolean {
  let falling = 0;
  for (let row = 1; row < times.length; row++) {
    const step = (times[row] as number) - (times[row - 1] as number);
    // A step over the turn of the year has the wrong sign, but there are few of them.
    if (step !== 0) falling += step < 0 ? 1 : -1;
  }
  return falling >= 0;
}
