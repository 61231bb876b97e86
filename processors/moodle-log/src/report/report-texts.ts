import { readFileSync } from "node:fs";
import { LANGUAGES, type Language } from "../reading/headings.js";
import { type Markup, markup, type Part } from "./markup.js";

type Entry = string | Readonly<Record<"one" | "other", string>>;
type Texts = Readonly<Record<string, Entry>>;

/** The texts of the report by language: headings, labels and sentences, with `{names}` for what is filled in. */
export const REPORT_TEXTS: Readonly<Record<Language, Texts>> = JSON.parse(
  readFileSync(new URL("../../data/report-texts.json", import.meta.url), "utf8"),
);

const DAY_SECONDS = 86_400;
/** A Monday. */
const SOME_MONDAY = 4 * DAY_SECONDS;

/** Writes the texts, numbers and dates of a report in one language. */
export class Wordings {
  readonly language: Language;
  readonly #texts: Texts;
  readonly #zone: string;
  readonly #plural: Intl.PluralRules;
  readonly #number: Intl.NumberFormat;
  readonly #oneDigit: Intl.NumberFormat;
  readonly #percent: Intl.NumberFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #shortDay: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;
  readonly #weekdays: readonly string[];
  readonly #shortWeekdays: readonly string[];

  /**
   * @param language English where it is not known.
   * @param zone IANA name, for moments.
   */
  constructor(language: Language | undefined, zone: string) {
    this.language = language ?? LANGUAGES[0];
    this.#texts = REPORT_TEXTS[this.language];
    this.#zone = zone;
    const locale = this.language === "en" ? "en-GB" : this.language; // day before month
    const date = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
    this.#plural = new Intl.PluralRules(locale);
    this.#number = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
    this.#oneDigit = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    this.#percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
    this.#day = date({ day: "numeric", month: "long", year: "numeric" });
    this.#shortDay = date({ day: "numeric", month: "short" });
    this.#date = date({ day: "2-digit", month: "2-digit", year: "numeric" });
    this.#moment = date({ dateStyle: "medium", timeStyle: "short", timeZone: this.#zone });
    this.#weekdays = weekdays(date({ weekday: "long" }));
    this.#shortWeekdays = weekdays(date({ weekday: "short" }));
  }

  /** A text without anything to fill in. */
  word(key: string): string {
    return this.#text(key, 0);
  }

  /**
   * A text with its `{names}` filled in; of two forms the one for `values.n`. Names of things stand in it as `own`
   * made them.
   */
  say(key: string, values: Readonly<Record<string, string | number | Markup>>): Markup {
    const parts: Part[] = this.#text(key, Number(values["n"] ?? 0))
      .split(/(\{\w+\})/)
      .map((part) => this.#filled(part, values));
    return markup`${parts}`;
  }

  /** The same where no name of a thing stands in it. */
  text(key: string, values: Readonly<Record<string, string | number>>): string {
    return this.#text(key, Number(values["n"] ?? 0)).replace(/\{\w+\}/g, (part) =>
      String(this.#filled(part, values)),
    );
  }

  #filled(part: string, values: Readonly<Record<string, string | number | Markup>>): Part {
    const value = part.startsWith("{") ? values[part.slice(1, -1)] : part;
    return typeof value === "number" ? this.number(value) : value;
  }

  #text(key: string, n: number): string {
    const entry = this.#texts[key];
    if (entry === undefined) throw new Error(`The report has no text “${key}” in ${this.language}.`);
    if (typeof entry === "string") return entry;
    return this.#plural.select(n) === "one" ? entry.one : entry.other;
  }

  number(value: number): string {
    return this.#number.format(value);
  }

  oneDigit(value: number): string {
    return this.#oneDigit.format(value);
  }

  /** @param share 0 to 1. */
  percent(share: number): string {
    return this.#percent.format(share);
  }

  /** @param day seconds since 1970 as the clock shows them, as for `shortDay` and `date`. */
  day(day: number): string {
    return this.#day.format(day * 1000);
  }

  shortDay(day: number): string {
    return this.#shortDay.format(day * 1000);
  }

  /** In digits, for columns. */
  date(day: number): string {
    return this.#date.format(day * 1000);
  }

  /** @param instant seconds since 1970, UTC. */
  moment(instant: number): string {
    return this.#moment.format(instant * 1000);
  }

  /** @param weekday 0 for Monday. */
  weekday(weekday: number): string {
    return this.#weekdays[weekday] ?? "";
  }

  shortWeekday(weekday: number): string {
    return this.#shortWeekdays[weekday] ?? "";
  }

  /** A time between two events, in its largest unit: seconds, minutes, hours or days. */
  duration(seconds: number): string {
    const [unit, size] =
      UNITS.find(([, least]) => seconds >= least) ?? (UNITS.at(-1) as (typeof UNITS)[number]);
    const format = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 } as const;
    return new Intl.NumberFormat(this.language, format).format(seconds / size);
  }
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

function weekdays(format: Intl.DateTimeFormat): string[] {
  return Array.from({ length: 7 }, (_, day) => format.format((SOME_MONDAY + day * DAY_SECONDS) * 1000));
}
