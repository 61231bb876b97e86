import { fullYear } from "../../time/calendar.js";

/**
 * What the numbers of a date are known to be. 0 three short numbers in any order · 1 the last is a four-digit
 * year · 2 year, month, day · 3 month and day without a year · 4 seconds since 1970, UTC · 5 and 6 as 0 and 1
 * with dots between, where the day comes before the month.
 */
export const SHORT = 0;
export const YEAR_LAST = 1;
export const DATE = 2;
export const NO_YEAR = 3;
export const INSTANT = 4;
export const SHORT_DOTTED = 5;
export const YEAR_LAST_DOTTED = 6;

/** Seconds of a day. */
export const DAY_SECONDS = 86_400;

/**
 * A readable time in one number, so that a column of a million is a Float64Array: `(((a · 100 + b) · 10000 +
 * c) · 86400 + second of the day) · 8 + kind`, below 2⁵³; for INSTANT `seconds · 8 + 4`.
 */
export function packTime(kind: number, date: readonly [number, number, number], second: number): number {
  const [a, b, c] = date;
  return (((a * 100 + b) * 10_000 + c) * DAY_SECONDS + second) * 8 + kind;
}

/** The kind of a packed time. */
export function kindOf(packed: number): number {
  return packed % 8;
}

/** The numbers of a packed time that is not an INSTANT, into `target`: a, b, c, second of the day. */
export function unpackTime(packed: number, target: Int32Array): void {
  let rest = Math.floor(packed / 8);
  const date = Math.floor(rest / DAY_SECONDS);
  target[3] = rest - date * DAY_SECONDS;
  rest = Math.floor(date / 10_000);
  target[2] = date - rest * 10_000;
  target[0] = Math.floor(rest / 100);
  target[1] = rest - (target[0] as number) * 100;
}

/**
 * Year, month and day of a packed date's three numbers under an order; `undefined` where the numbers cannot
 * stand so.
 */
export function splitDate(
  order: number,
  kind: number,
  parts: Int32Array,
): readonly [number, number, number] | undefined {
  const [first, b, last] = parts as unknown as [number, number, number];
  if (kind === YEAR_LAST || kind === YEAR_LAST_DOTTED) {
    if (order === 0) return [last, b, first];
    return order === 1 && kind === YEAR_LAST ? [last, first, b] : undefined;
  }
  const a = first % 100;
  const c = last % 100;
  if (order === 2) return first >= 100 || kind === SHORT_DOTTED ? undefined : [fullYear(a), b, c];
  if (last >= 100 || (order === 1 && kind === SHORT_DOTTED)) return undefined;
  return order === 0 ? [fullYear(c), b, a] : [fullYear(c), a, b];
}
