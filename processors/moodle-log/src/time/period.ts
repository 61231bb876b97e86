import { isDate } from "./calendar.js";
import { Zone } from "./zone.js";

/** A day, or a moment as in RFC 3339, whose offset may be left out. */
export const MOMENT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/;

/** Part of a log, in seconds since 1970: from the first moment on, and before the second. */
export interface Period {
  readonly from: number;
  readonly before: number;
}

/** A text that names no moment, in words. */
export class NoMomentError extends Error {
  override name = "NoMomentError";
}

const DAY = 86_400;

/**
 * The period that two texts name. A day begins at midnight in the time zone, and the last one counts as a whole; what
 * happens at the very moment of `to` does not count.
 * @throws {NoMomentError} for a day that no calendar has, and when the end is not after the start.
 */
export function periodOf(
  named: { readonly from: string | undefined; readonly to: string | undefined },
  timezone: string,
): Period {
  const zone = new Zone(timezone);
  const from = named.from === undefined ? Number.NEGATIVE_INFINITY : momentOf("from", named.from, zone).start;
  const before = named.to === undefined ? Number.POSITIVE_INFINITY : momentOf("to", named.to, zone).end;
  if (from >= before)
    throw new NoMomentError(`The period ends before it begins: from ${named.from} to ${named.to}.`);
  return { from, before };
}

/** A named moment, or the first moment of a day and of the one after. */
function momentOf(param: string, text: string, zone: Zone): { readonly start: number; readonly end: number } {
  const [, year = "", month = "", day = "", hour, minute = "0", second = "0", offset] =
    MOMENT.exec(text) ?? [];
  if (!isDate(Number(year), Number(month), Number(day))) {
    throw new NoMomentError(`There is no such day: ${param} is ${text}.`);
  }
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day)) / 1000;
  if (hour === undefined) return { start: zone.instantOf(midnight), end: zone.instantOf(midnight + DAY) };
  const wall = midnight + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const moment = offset === undefined ? zone.instantOf(wall) : wall - secondsOf(offset);
  return { start: moment, end: moment };
}

function secondsOf(offset: string): number {
  if (/^z$/i.test(offset)) return 0;
  const [hours, minutes] = offset.slice(1).split(":").map(Number);
  return (offset.startsWith("-") ? -1 : 1) * ((hours ?? 0) * 3600 + (minutes ?? 0) * 60);
}
