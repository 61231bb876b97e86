import type { DateOrder } from "./date-order.js";

const LETTERS: Readonly<Record<string, string>> = { d: "D", m: "M", y: "Y" };

/** A readable pattern of a time cell, as `D/MM/YY, HH:MM:SS`. @param order of the numbers of its date. */
export function describeTimeFormat(sample: string, order: DateOrder): string {
  const isYearFirst = /^\D*\d{4}\D/.test(sample);
  const hasMonthName = /\p{L}{3,}/u.test(sample.replace(/\b[ap]\.?m\b/i, ""));
  const letters = [...(hasMonthName ? "dy" : isYearFirst ? "ymd" : order)];
  const withTime = sample
    .trim()
    .replace(/\d{1,2}:\d{2}(:\d{2})?(\.\d+)?/, (_, seconds) =>
      seconds === undefined ? "hh:mm" : "hh:mm:ss",
    );
  return withTime
    .replace(/\p{L}{3,}\.?/gu, (word) => (/^[hms:]+$/.test(word) ? word : "Mon"))
    .replace(/\d+/g, (digits) => (LETTERS[letters.shift() ?? ""] ?? "#").repeat(digits.length));
}
