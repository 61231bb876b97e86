import { readFileSync } from "node:fs";
import { normalName } from "../reading/headings.js";

/** What a word in a time cell means: a month from 1 to 12, one of the constants below, or nothing (0). */
export type TimeWord = number;
export const AM: TimeWord = -1;
export const PM: TimeWord = -2;
export const UTC: TimeWord = -3;
export const OTHER_WORD: TimeWord = 0;

const MONTHS = new Map<string, number>(
  (
    JSON.parse(readFileSync(new URL("../../data/months.json", import.meta.url), "utf8")) as string[][]
  ).flatMap((names, index) => names.map((name) => [name, index + 1] as const)),
);

/**
 * Reads a word of a time cell: the name of a month in any language of Moodle, short or full, or a mark as
 * `PM`.
 */
export function readTimeWord(word: string): TimeWord {
  const name = normalName(word);
  if (name === "am" || name === "a") return AM;
  if (name === "pm" || name === "p") return PM;
  if (name === "z" || name === "utc" || name === "gmt") return UTC;
  return MONTHS.get(name) ?? OTHER_WORD;
}
