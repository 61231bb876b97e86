import { isDate } from "../../time/calendar.js";
import { type DateEvidence, noEvidence } from "../../time/date-order.js";
import { DATE, DAY_SECONDS, INSTANT, kindOf, NO_YEAR, splitDate, unpackTime } from "./packed-time.js";

/** Collects the evidence of packed times in the order of the file. */
export class DateEvidenceCollector {
  readonly #evidence: DateEvidence = noEvidence();
  /** The latest month under each order, -1 where that makes it no date, and rows since the date changed. */
  readonly #months = [-1, -1, -1];
  #run = 0;
  /** The latest day under each order, as `dayUnder` counts. */
  readonly #days = [-1, -1, -1];
  /** Date, kind, second and set of readable orders of the latest row. */
  #date = -1;
  #kind = -1;
  #second = 0;
  #readable = 0;
  readonly #parts = new Int32Array(4);

  /** What the rows so far show. */
  get evidence(): DateEvidence {
    this.#countMonths();
    return this.#evidence;
  }

  add(packed: number): void {
    const evidence = this.#evidence;
    evidence.count++;
    const kind = kindOf(packed);
    if (kind === NO_YEAR) evidence.withoutYear++;
    if (kind === DATE || kind === NO_YEAR || kind === INSTANT) return;
    const date = Math.floor(packed / (DAY_SECONDS * 8));
    const second = Math.floor(packed / 8) - date * DAY_SECONDS;
    const step = second - this.#second;
    if (date === this.#date && kind === this.#kind) {
      // Nearly every row has the date of the one before: then all orders agree.
      if (step !== 0) this.#count(step > 0 ? evidence.rising : evidence.falling, this.#readable);
    } else this.#nextDate(packed, kind);
    (evidence.readable[this.#readable] as number)++;
    this.#run++;
    this.#date = date;
    this.#kind = kind;
    this.#second = second;
  }

  #nextDate(packed: number, kind: number): void {
    this.#countMonths();
    unpackTime(packed, this.#parts);
    let readable = 0;
    for (let order = 0; order < 3; order++) {
      const day = dayUnder(order, kind, this.#parts);
      this.#months[order] = day < 0 ? -1 : Math.floor((day - 32) / 31);
      if (day < 0) continue;
      readable |= 1 << order;
      const previous = this.#days[order] as number;
      if (previous >= 0 && day !== previous) {
        const { rising, falling } = this.#evidence;
        this.#count(day > previous ? rising : falling, 1 << order);
      }
      this.#days[order] = day;
    }
    this.#readable = readable;
  }

  /** Adds the rows of the latest date to the months that it is in. */
  #countMonths(): void {
    for (let order = 0; order < 3 && this.#run > 0; order++) {
      const month = this.#months[order] as number;
      const rows = this.#evidence.months[order];
      if (month >= 0 && rows !== undefined) rows[month] = (rows[month] ?? 0) + this.#run;
    }
    this.#run = 0;
  }

  #count(steps: number[], orders: number): void {
    for (let order = 0; order < 3; order++) if ((orders >> order) & 1) (steps[order] as number)++;
  }
}

/**
 * A number that grows with the date under an order (0 dmy, 1 mdy, 2 ymd), or -1 where that order makes it no
 * date.
 */
function dayUnder(order: number, kind: number, parts: Int32Array): number {
  const date = splitDate(order, kind, parts);
  if (date === undefined || !isDate(date[0], date[1], date[2])) return -1;
  return date[0] * 372 + date[1] * 31 + date[2];
}
