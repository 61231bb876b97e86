import type { Language } from "../reading/headings.js";

/** The orders in which day, month and year can stand. */
export const DATE_ORDERS = ["dmy", "mdy", "ymd"] as const;
export type DateOrder = (typeof DATE_ORDERS)[number];

/**
 * Counts over one column of times from which the order of its dates is told; plain, so that threads can send
 * it.
 */
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
  /** By order: rows by month, as `12 · year + month - 1`. */
  readonly months: readonly Record<number, number>[];
}

/** Evidence of no rows yet. */
export function noEvidence(): DateEvidence {
  return {
    count: 0,
    readable: Array(8).fill(0),
    rising: [0, 0, 0],
    falling: [0, 0, 0],
    withoutYear: 0,
    months: [{}, {}, {}],
  };
}

/** Adds what one part of the file showed to the whole. */
export function addEvidence(total: DateEvidence, part: DateEvidence): void {
  total.count += part.count;
  total.withoutYear += part.withoutYear;
  for (let i = 0; i < 8; i++) total.readable[i] = (total.readable[i] ?? 0) + (part.readable[i] ?? 0);
  for (let i = 0; i < 3; i++) {
    total.rising[i] = (total.rising[i] ?? 0) + (part.rising[i] ?? 0);
    total.falling[i] = (total.falling[i] ?? 0) + (part.falling[i] ?? 0);
    addMonths(total.months[i] ?? {}, part.months[i] ?? {});
  }
}

function addMonths(total: Record<number, number>, part: Readonly<Record<number, number>>): void {
  for (const [month, rows] of Object.entries(part)) total[Number(month)] = (total[Number(month)] ?? 0) + rows;
}

/**
 * How many rows have dates that say their month or begin with the year, in a log of which others do not: those that
 * a spreadsheet took for dates, and may have turned round. 0 when all are of one sort.
 */
export function convertedDates({ count, readable, withoutYear }: DateEvidence): number {
  const open = readable.reduce((sum, rows) => sum + rows, 0);
  return open === 0 ? 0 : count - open - withoutYear;
}

/** The order that was decided, how sure it is, and from what. */
export interface DecidedOrder {
  readonly order: DateOrder;
  /**
   * `given` by a param, `certain` from values, `likely` from the order of time, `assumed` from the language's
   * habit.
   */
  readonly certainty: "given" | "certain" | "likely" | "assumed";
  readonly reason: string;
}

/**
 * How much more often one order must be the only readable one than another, to count as proven against rows
 * that are broken anyway.
 */
const PROOF_RATIO = 10;
/** How much closer to a steady direction an order must bring the rows, to be preferred for it. */
const STEADINESS_MARGIN = 0.05;

/**
 * Decides the order of day, month and year on the whole column: by values, then by the order of time, then by
 * the language's habit.
 */
export function decideDateOrder(
  evidence: DateEvidence,
  options: {
    readonly given: DateOrder | undefined;
    readonly language: Language | undefined;
    /** Later than this no log was written, in seconds since 1970. */
    readonly nowSeconds: number;
  },
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
  const plausible = plausibleOrders(evidence, open, options.nowSeconds);
  const [likely] = plausible;
  if (plausible.length === 1 && likely !== undefined) {
    return decided(likely, "likely", "read otherwise, dates lie in the future or decades apart");
  }
  return byTime(evidence, plausible) ?? byHabit(plausible, options.language);
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

/** A log of more years than the one bound, where another order makes it fewer than the other, is misread. */
const DECADES = 20;
const FEW_YEARS = 10;
/** Of the rows at each end of the span, those that may be broken. */
const BROKEN_SHARE = 0.01;

/** The orders of which no other makes far fewer dates that lie in the future, or a far shorter log. */
function plausibleOrders(
  evidence: DateEvidence,
  open: readonly number[],
  nowSeconds: number,
): readonly number[] {
  const read = open.map((order) => ({ order, ...reach(evidence.months[order] ?? {}, nowSeconds) }));
  const plausible = read.filter(
    (one) =>
      !read.some(
        (other) =>
          (one.future > 0 && one.future >= PROOF_RATIO * other.future) ||
          (one.years > DECADES && other.years < FEW_YEARS),
      ),
  );
  return plausible.map(({ order }) => order);
}

/** How many rows lie in the future, and over how many years the rest stretches. */
function reach(months: Readonly<Record<number, number>>, nowSeconds: number) {
  const now = new Date((nowSeconds + 86_400) * 1000);
  const latest = now.getUTCFullYear() * 12 + now.getUTCMonth();
  const counts = Object.entries(months).map(([month, rows]) => ({ month: Number(month), rows }));
  const total = counts.reduce((sum, { rows }) => sum + rows, 0);
  const future = counts.reduce((sum, { month, rows }) => sum + (month > latest ? rows : 0), 0);
  let before = 0;
  const inner = counts.filter(({ rows }) => {
    before += rows;
    return before > BROKEN_SHARE * total && before - rows < (1 - BROKEN_SHARE) * total;
  });
  const years = ((inner.at(-1)?.month ?? 0) - (inner[0]?.month ?? 0)) / 12;
  return { future, years };
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
