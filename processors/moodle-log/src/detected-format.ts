import type { ClassifiedLog } from "./classify-log.js";
import { type Encoding, openText } from "./kernel/index.js";
import type { Params } from "./params.js";
import type { ShownPeople } from "./people/shown-people.js";
import { type DetectedLayout, detectLayout } from "./reading/layout.js";
import { refuseOtherMedia } from "./reading/media.js";
import type { DetectedFormat } from "./summary.js";
import type { DateOrder } from "./time/date-order.js";

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
  return {
    encoding: text.encoding,
    delimiter: DELIMITER_NAMES[text.layout.delimiter] ?? "comma",
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

/** The input as text, and how its table stands in it. */
export interface DetectedText extends DetectedLayout {
  readonly encoding: Encoding;
  /** The text as UTF-8: the input itself, or a copy in the scratch folder. */
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Decides what the input is: encoding over the whole file, delimiter, headings, columns.
 * @throws {InputInvalidError} when it is no log.
 */
export async function detect(
  input: { readonly path: string; readonly scratch: string },
  options: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<DetectedText> {
  const text = await openText(input, { ...options, checkHead: refuseOtherMedia });
  const { encoding, path, sizeBytes } = text;
  return { ...detectLayout(text.head, text), encoding, path, sizeBytes };
}
