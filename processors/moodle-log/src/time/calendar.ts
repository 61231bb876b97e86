import { normalName } from "../reading/headings.js";
import { monthNamed } from "./month-names.js";

/** The year that two digits stand for: 1970 to 2069. */
export function fullYear(year: number): number {
  return year >= 100 ? year : year < 70 ? 2000 + year : 1900 + year;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether the calendar has this day, between 1970 and 2105. */
export function isDate(year: number, month: number, day: number): boolean {
  if (year < 1970 || year > 2105 || month < 1 || month > 12 || day < 1) return false;
  const days = MONTH_DAYS[month - 1] as number;
  return day <= days || (month === 2 && day === 29 && isLeapYear(year));
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** What a word in a time cell means: a month from 1 to 12, one of the constants below, or nothing (0). */
export type TimeWord = number;
export const AM: TimeWord = -1;
export const PM: TimeWord = -2;
export const UTC: TimeWord = -3;
export const OTHER_WORD: TimeWord = 0;

/** Words that stand in time cells of the known languages and name no month. */
const NO_MONTHS = new Set(["as", "de", "del", "at", "um", "uhr", "a", "alle", "ore", "les", "h", "t", "m"]);

/**
 * Reads a word of a time cell: the name of a month in any language of Moodle, short or full, or a mark as
 * `PM`.
 */
export function readTimeWord(word: string): TimeWord {
  const name = normalName(word);
  if (name === "am" || name === "a") return AM;
  if (name === "pm" || name === "p") return PM;
  if (name === "z" || name === "utc" || name === "gmt") return UTC;
  return NO_MONTHS.has(name) ? OTHER_WORD : monthNamed(name);
}
