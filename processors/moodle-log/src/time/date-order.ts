import type { Language } from "../reading/headings.js";
import { fullYear, isDate } from "./calendar.js";
import {
  DATE,
  INSTANT,
  kindOf,
  NO_YEAR,
  SHORT_DOTTED,
  unpackTime,
  YEAR_LAST,
  YEAR_LAST_DOTTED,
} from "./time-cell.js";

const DAY = 86_400;

/** The orders in which day, month and year can stand. */
export const DATE_ORDERS = ["dmy", "mdy", "ymd"] as const;
export type DateOrder = (typeof DATE_ORDERS)[number];

/** Counts over one column of times from which the order of its dates is told; plain, so that threads can send it. */
export interface DateEvidence {
  /** How many times were read. */
  count: number;
  /** Rows by the set of orders under which they are a date: bit 0 dmy, 1 mdy, 2 ymd. */
  readonly readable: number[];
  /** Neighbouring rows that go forward in time, by order. */
  readonly rising: number[];
  readonly falling: number[];
  /** Rows whose date has no year. */
  withoutYear: number;
}

/** Evidence of no rows yet. */
export function noEvidence(): DateEvidence {
  return { count: 0, readable: Array(8).fill(0), rising: [0, 0, 0], falling: [0, 0, 0], withoutYear: 0 };
}

/** Adds what one part of the file showed to the whole. */
export function addEvidence(total: DateEvidence, part: DateEvidence): void {
  total.count += part.count;
  total.withoutYear += part.withoutYear;
  for (let i = 0; i < 8; i++) total.readable[i] = (total.readable[i] ?? 0) + (part.readable[i] ?? 0);
  for (let i = 0; i < 3; i++) {
    total.rising[i] = (total.rising[i] ?? 0) + (part.rising[i] ?? 0);
    total.falling[i] = (total.falling[i] ?? 0) + (part.falling[i] ?? 0);
  }
}

/** Collects the evidence of packed times in the order of the file. */
export class DateEvidenceCollector {
  readonly evidence: DateEvidence = noEvidence();
  /** The latest day under each order, as `dayUnder` counts. */
  readonly #days = [-1, -1, -1];
  /** Date, kind, second and set of readable orders of the latest row. */
  #date = -1;
  #kind = -1;
  #second = 0;
  #readable = 0;
  readonly #parts = new Int32Array(4);

  add(packed: number): void {
    const { evidence } = this;
    evidence.count++;
    const kind = kindOf(packed);
    if (kind === NO_YEAR) evidence.withoutYear++;
    if (kind === DATE || kind === NO_YEAR || kind === INSTANT) return;
    const date = Math.floor(packed / (DAY * 8));
    const second = Math.floor(packed / 8) - date * DAY;
    const step = second - this.#second;
    if (date === this.#date && kind === this.#kind) {
      // Nearly every row has the date of the one before: then all orders agree.
      if (step !== 0) this.#count(step > 0 ? evidence.rising : evidence.falling, this.#readable);
    } else this.#nextDate(packed, kind);
    (evidence.readable[this.#readable] as number)++;
    this.#date = date;
    this.#kind = kind;
    this.#second = second;
  }

  #nextDate(packed: number, kind: number): void {
    unpackTime(packed, this.#parts);
    let readable = 0;
    for (let order = 0; order < 3; order++) {
      const day = dayUnder(order, kind, this.#parts);
      if (day < 0) continue;
      readable |= 1 << order;
      const previous = this.#days[order] as number;
      if (previous >= 0 && day !== previous) {
        this.#count(day > previous ? this.evidence.rising : this.evidence.falling, 1 << order);
      }
      this.#days[order] = day;
    }
    this.#readable = readable;
  }

  #count(steps: number[], orders: number): void {
    for (let order = 0; order < 3; order++) if ((orders >> order) & 1) (steps[order] as number)++;
  }
}

/** A number that grows with the date under an order (0 dmy, 1 mdy, 2 ymd), or -1 where that order makes it no date. */
function dayUnder(order: number, kind: number, parts: Int32Array): number {
  const date = splitDate(order, kind, parts);
  if (date === undefined || !isDate(date[0], date[1], date[2])) return -1;
  return date[0] * 372 + date[1] * 31 + date[2];
}

/** Year, month and day of a packed date's three numbers under an order; `undefined` where the numbers cannot stand so. */
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

/** The order that was decided, how sure it is, and from what. */
export interface DecidedOrder {
  readonly order: DateOrder;
  /** `given` by a param, `certain` from values, `likely` from the order of time, `assumed` from the language's habit. */
  readonly certainty: "given" | "certain" | "likely" | "assumed";
  readonly reason: string;
}

/** How much more often one order must be the only readable one than another, to count as proven against rows that are broken anyway. */
const PROOF_RATIO = 10;
/** How much closer to a steady direction an order must bring the rows, to be preferred for it. */
const STEADINESS_MARGIN = 0.05;

/** Decides the order of day, month and year on the whole column: by values, then by the order of time, then by the language's habit. */
export function decideDateOrder(
  evidence: DateEvidence,
  options: { readonly given: DateOrder | undefined; readonly language: Language | undefined },
): DecidedOrder {
  if (options.given !== undefined) {
    return { order: options.given, certainty: "given", reason: "the date_format param" };
  }
  const ambiguous = evidence.readable.reduce((sum, rows) => sum + rows, 0);
  if (ambiguous === 0) {
    return {
      order: "dmy",
      certainty: "certain",
      reason: "the dates name their month, or put the year first",
    };
  }
  const open = [0, 1, 2].filter((order) => ![0, 1, 2].some((other) => beats(evidence, other, order)));
  const [only] = open;
  if (open.length === 1 && only !== undefined) {
    return decided(only, "certain", "values that fit no other order");
  }
  return byTime(evidence, open) ?? byHabit(open, options.language);
}

function beats(evidence: DateEvidence, winner: number, loser: number): boolean {
  const wins = rowsReadableOnlyBy(evidence, winner, loser);
  return wins > 0 && wins >= PROOF_RATIO * rowsReadableOnlyBy(evidence, loser, winner);
}

function rowsReadableOnlyBy(evidence: DateEvidence, order: number, other: number): number {
  let rows = 0;
  for (let set = 0; set < 8; set++) {
    if ((set >> order) & 1 && !((set >> other) & 1)) rows += evidence.readable[set] ?? 0;
  }
  return rows;
}

function byTime(evidence: DateEvidence, open: readonly number[]): DecidedOrder | undefined {
  const steadiness = open
    .map((order) => ({ order, steady: steadinessOf(evidence, order) }))
    .sort((a, b) => b.steady - a.steady);
  const [best, second] = steadiness;
  if (best === undefined || second === undefined || best.steady - second.steady < STEADINESS_MARGIN) {
    return undefined;
  }
  return decided(best.order, "likely", "the rows are in order of time only when read so");
}

function steadinessOf(evidence: DateEvidence, order: number): number {
  const rising = evidence.rising[order] ?? 0;
  const falling = evidence.falling[order] ?? 0;
  return rising + falling === 0 ? 0 : Math.max(rising, falling) / (rising + falling);
}

function byHabit(open: readonly number[], language: Language | undefined): DecidedOrder {
  const habit = language === "eu" ? 2 : 0;
  const order = open.includes(habit) ? habit : (open[0] ?? 0);
  const reason = `no value tells day from month; taken as usual in ${language ?? "most of Moodle's languages"}`;
  return decided(order, "assumed", reason);
}

function decided(order: number, certainty: DecidedOrder["certainty"], reason: string): DecidedOrder {
  return { order: DATE_ORDERS[order] ?? "dmy", certainty, reason };
}
