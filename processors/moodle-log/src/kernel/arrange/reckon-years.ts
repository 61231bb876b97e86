import { isDate } from "../../time/calendar.js";
import { DAY_SECONDS, kindOf, NO_YEAR, unpackTime } from "../load/packed-time.js";

/** How the years of dates without one were found: given by a param, by the order of the rows, or as one year. */
export type YearBasis = "given" | "order" | "one_year";

/** The year of each row without one, and how it was found. */
export interface ReckonedYears {
  /** By row; 0 for rows that need none. */
  readonly years: Uint16Array;
  readonly basis: YearBasis;
}

/** What the years are reckoned from. */
export interface YearOptions {
  /** The newest date that is plausible, in seconds since 1970. */
  readonly nowSeconds: number;
  /** Year of the newest row, when it is known. */
  readonly year: number | undefined;
  /** By row, what a spreadsheet may have sorted the log by: numbers of actors, places, kinds of event. */
  readonly keys: readonly Uint32Array[];
}

/** Days of the calendar, all months as if they had 31. */
const SLOTS = 372;
const LEAP_DAY = 31 + 28;
/** How many days the calendar may jump against the order of time before it is taken as the turn of a year. */
const TURN_DAYS = 7;
/** A log in order of time has few turns: so many, and one more for this many rows. */
const FREE_TURNS = 3;
const ROWS_PER_TURN = 50;
/** Older than this is no log. */
const MOST_TURNS = 25;
/** Of the rows, those that may break a sorting. */
const UNSORTED_SHARE = 0.02;

/**
 * Finds years for dates without one, over the whole file. A log that is in order of time has a turn of the year
 * where the calendar jumps against it. One that is not, as when a spreadsheet sorted it by person or by context, is taken to lie
 * within the 12 months that its longest pause leaves. The newest date gets the latest year in which it is not in
 * the future and in which every 29 February falls in a leap year.
 */
export function reckonYears(times: Float64Array, options: YearOptions): ReckonedYears {
  const { rows, slots } = yearlessRows(times);
  const start = afterLongestPause(slots);
  // Days since the first day of the year that the longest pause leaves.
  const ranks = slots.map((slot) => (slot - start + SLOTS) % SLOTS);
  const isInOrder = isSortedByTime(rows, ranks, options.keys);
  // Years before the newest, by row: 0, -1 …
  const offsets = isInOrder
    ? turnsOfYear(slots, directionOf(ranks))
    : slots.map((slot) => (slot < start ? 0 : -1));
  const newest = offsets.reduce((most, offset) => Math.max(most, offset), Number.NEGATIVE_INFINITY);
  const base =
    options.year ??
    baseYear(
      slots,
      offsets.map((offset) => offset - newest),
      options.nowSeconds,
    );
  const years = new Uint16Array(times.length);
  for (let i = 0; i < rows.length; i++) years[rows[i] as number] = base + (offsets[i] as number) - newest;
  return { years, basis: options.year !== undefined ? "given" : isInOrder ? "order" : "one_year" };
}

/** The rows without a year, and their days of the calendar. */
function yearlessRows(times: Float64Array): { readonly rows: Uint32Array; readonly slots: Int32Array } {
  const rows = new Uint32Array(times.length);
  const slots = new Int32Array(times.length);
  const parts = new Int32Array(4);
  let count = 0;
  for (let row = 0; row < times.length; row++) {
    if (kindOf(times[row] as number) !== NO_YEAR) continue;
    unpackTime(times[row] as number, parts);
    rows[count] = row;
    slots[count++] = ((parts[1] as number) - 1) * 31 + (parts[2] as number) - 1;
  }
  return { rows: rows.subarray(0, count), slots: slots.subarray(0, count) };
}

/** The first day after the longest pause of the year. */
function afterLongestPause(slots: Int32Array): number {
  const has = new Uint8Array(SLOTS);
  for (let i = 0; i < slots.length; i++) has[slots[i] as number] = 1;
  const days = [...has.keys()].filter((slot) => has[slot] === 1);
  let [best, longest] = [days[0] ?? 0, -1];
  for (const [i, day] of days.entries()) {
    const before = i === 0 ? (days.at(-1) as number) - SLOTS : (days[i - 1] as number);
    if (day - before > longest) [best, longest] = [day, day - before];
  }
  return best;
}

/**
 * Whether the rows are in order of time, perhaps over several years: there are few jumps against it, and what lies
 * between them is not each time other people, other places or other events, which is a log that was sorted by them.
 */
function isSortedByTime(rows: Uint32Array, ranks: Int32Array, keys: readonly Uint32Array[]): boolean {
  const stretches = stretchesOf(ranks);
  const turns = stretches.at(-1) ?? 0;
  if (turns === 0) return true;
  if (turns > Math.min(MOST_TURNS, FREE_TURNS + ranks.length / ROWS_PER_TURN)) return false;
  return !keys.some((key) => isSortedBy(key, rows, stretches));
}

/** By row, the number of jumps against the order of time before it. */
function stretchesOf(ranks: Int32Array): Int32Array {
  const direction = directionOf(ranks);
  const stretches = new Int32Array(ranks.length);
  for (let i = 1; i < ranks.length; i++) {
    const isTurn = ((ranks[i] as number) - (ranks[i - 1] as number)) * direction < -TURN_DAYS;
    stretches[i] = (stretches[i - 1] as number) + (isTurn ? 1 : 0);
  }
  return stretches;
}

/** Whether hardly a row has a value that comes up in several stretches. */
function isSortedBy(key: Uint32Array, rows: Uint32Array, stretches: Int32Array): boolean {
  const stretchOf = new Map<number, number>();
  const several = new Set<number>();
  for (let i = 0; i < rows.length; i++) {
    const value = key[rows[i] as number] as number;
    const known = stretchOf.get(value);
    if (known === undefined) stretchOf.set(value, stretches[i] as number);
    else if (known !== stretches[i]) several.add(value);
  }
  let unsorted = 0;
  for (const row of rows) if (several.has(key[row] as number)) unsorted++;
  return unsorted <= UNSORTED_SHARE * rows.length;
}

/** 1 where most steps go forward in the calendar, -1 where they go back; Moodle's own order when there are none. */
function directionOf(days: Int32Array): 1 | -1 {
  let balance = 0;
  for (let i = 1; i < days.length; i++) balance += Math.sign((days[i] as number) - (days[i - 1] as number));
  return balance > 0 ? 1 : -1;
}

/** Turns of the year, by row: one less for each that lies between it and the newest. */
function turnsOfYear(slots: Int32Array, direction: 1 | -1): Int32Array {
  const offsets = new Int32Array(slots.length);
  for (let i = 1; i < slots.length; i++) {
    const isTurn = ((slots[i] as number) - (slots[i - 1] as number)) * direction < -TURN_DAYS;
    offsets[i] = (offsets[i - 1] as number) + (isTurn ? direction : 0);
  }
  return offsets;
}

/** The latest year for the newest date; it is not in the future, and leap days fall in leap years. */
function baseYear(slots: Int32Array, offsets: Int32Array, nowSeconds: number): number {
  const now = new Date((nowSeconds + DAY_SECONDS) * 1000);
  const today = now.getUTCMonth() * 31 + now.getUTCDate() - 1;
  const leapOffsets = new Set<number>();
  let newest = -1;
  for (let i = 0; i < slots.length; i++) {
    const [slot, offset] = [slots[i] as number, offsets[i] as number];
    if (offset === 0 && slot > newest) newest = slot;
    if (slot === LEAP_DAY) leapOffsets.add(offset);
  }
  const latest = now.getUTCFullYear() - (newest > today ? 1 : 0);
  // Leap years are 4 years apart, and 8 around 2100.
  for (let year = latest; year > latest - 8; year--) {
    if ([...leapOffsets].every((offset) => isDate(year + offset, 2, 29))) return year;
  }
  return latest;
}
