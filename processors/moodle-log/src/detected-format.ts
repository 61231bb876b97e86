import type { ClassifiedLog } from "./classify-log.js";
import type { Params } from "./params.js";
import type { ShownPeople } from "./people/shown-people.js";
import type { DetectedText } from "./reading/read-input.js";
import type { DetectedFormat } from "./summary.js";
import type { DateOrder } from "./time/date-order.js";

export { type DetectedText, detect } from "./reading/read-input.js";

const DELIMITER_NAMES: Readonly<Record<number, DetectedFormat["delimiter"]>> = {
  44: "comma",
  59: "semicolon",
  9: "tab",
};

/**
 * What was decided about the file.
 * @param timeSample a cell of the time column.
 */
export function describeDetected(
  text: DetectedText,
  log: ClassifiedLog,
  told: { readonly params: Params; readonly timeSample: string; readonly people: ShownPeople },
): DetectedFormat {
  const { order, certainty, reason } = log.dateOrder;
  const isRead = text.tables.length === 0;
  return {
    file_format: text.format,
    log_store: text.isStore,
    tables: text.tables.map(({ name, firstLine }) => ({
      name: told.people.isPseudonymous ? "" : name, // that of a file, perhaps
      first_line: firstLine,
    })),
    encoding: text.encoding,
    delimiter: isRead ? (DELIMITER_NAMES[text.layout.delimiter] ?? "comma") : "none",
    language: text.language ?? "unknown",
    recognised_by: text.recognisedBy,
    // What is in no known language may be no headings but a row.
    headings: told.people.isPseudonymous && text.recognisedBy === "order" ? [] : text.headings,
    columns: Object.fromEntries(Object.entries(text.layout.columns).filter(([, position]) => position >= 0)),
    date_format: { format: describeTimeFormat(told.timeSample, order), order, certainty, reason },
    timezone: { name: told.params.timezone ?? "UTC", assumed: told.params.timezone === undefined },
    years_reckoned: log.yearBasis !== undefined,
    years_by: log.yearBasis ?? null,
  };
}

const LETTERS: Readonly<Record<string, string>> = { d: "D", m: "M", y: "Y" };

/**
 * A readable pattern of a time cell, as `D/MM/YY, HH:MM:SS`.
 * @param order of the numbers of its date.
 */
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
