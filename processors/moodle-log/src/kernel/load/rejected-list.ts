import type { RowPosition } from "../text/text-rows.js";

/** Why a row could not be used. */
export const REJECT_REASONS = [
  "open_quote",
  "too_long",
  "cell_count",
  "serial_number",
  "hashes",
  "unreadable_time",
  "impossible_date",
  "mixed_dates",
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** A row that could not be used: where it stands, and why. */
export interface RejectedRow extends RowPosition {
  /** Line of the file, 1-based. */
  readonly line: number;
  readonly reason: RejectReason;
}

/** Rows that could not be used, in the order of the file. All are counted; of very many the first are listed. */
export interface RejectedRows extends Iterable<RejectedRow> {
  /** How many there are. */
  readonly length: number;
  /** How many are listed. */
  readonly listed: number;
  /** How many there are by reason; without those that did not come up. */
  readonly byReason: Readonly<Partial<Record<RejectReason, number>>>;
}

/** Rejected rows of one stretch of the text, as columns: a thread hands them over. */
export interface RejectedColumns {
  readonly offsets: Float64Array<ArrayBuffer>;
  /** From the start of the stretch. */
  readonly lines: Float64Array<ArrayBuffer>;
  /** Positions in `REJECT_REASONS`. */
  readonly reasons: Uint8Array<ArrayBuffer>;
  /** How many there are by reason; more than the columns are long when not all are listed. */
  readonly counts: Float64Array<ArrayBuffer>;
}

/** Beyond so many, rows are counted and not listed: 17 bytes each. */
const MOST_LISTED = 1_000_000;
const FIRST_ROOM = 16;

/** Gathers rejected rows in memory that has a bound. */
export class RejectedList implements RejectedRows {
  readonly #most: number;
  #offsets = new Float64Array(FIRST_ROOM);
  #lines = new Float64Array(FIRST_ROOM);
  #reasons = new Uint8Array(FIRST_ROOM);
  readonly #counts = new Float64Array(REJECT_REASONS.length);
  #listed = 0;

  /** @param most rows that are listed. Default 1,000,000. */
  constructor(most: number = MOST_LISTED) {
    this.#most = most;
  }

  get listed(): number {
    return this.#listed;
  }

  get length(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  get byReason(): Partial<Record<RejectReason, number>> {
    const met = REJECT_REASONS.map((reason, i) => [reason, this.#counts[i] as number] as const);
    return Object.fromEntries(met.filter(([, count]) => count > 0));
  }

  add({ offset, line, reason }: RejectedRow): void {
    const number = REJECT_REASONS.indexOf(reason);
    (this.#counts[number] as number)++;
    this.#list(offset, line, number);
  }

  /** Adds those of a stretch of the text, which starts at a line. */
  addStretch(stretch: RejectedColumns, line: number): void {
    for (let i = 0; i < stretch.counts.length; i++) {
      (this.#counts[i] as number) += stretch.counts[i] as number;
    }
    for (let i = 0; i < stretch.offsets.length && this.#listed < this.#most; i++) {
      this.#list(
        stretch.offsets[i] as number,
        (stretch.lines[i] as number) + line,
        stretch.reasons[i] as number,
      );
    }
  }

  /** Counts the rows of another list that it does not list itself. */
  countUnlisted(list: RejectedRows): void {
    const listed: Partial<Record<RejectReason, number>> = {};
    if (list.listed === list.length) return;
    for (const { reason } of list) listed[reason] = (listed[reason] ?? 0) + 1;
    for (const [i, reason] of REJECT_REASONS.entries()) {
      (this.#counts[i] as number) += (list.byReason[reason] ?? 0) - (listed[reason] ?? 0);
    }
  }

  /** The rows as columns no longer than they are. */
  columns(): RejectedColumns {
    return {
      offsets: this.#offsets.slice(0, this.#listed),
      lines: this.#lines.slice(0, this.#listed),
      reasons: this.#reasons.slice(0, this.#listed),
      counts: this.#counts.slice(),
    };
  }

  *[Symbol.iterator](): Generator<RejectedRow> {
    for (let i = 0; i < this.#listed; i++) {
      yield {
        offset: this.#offsets[i] as number,
        line: this.#lines[i] as number,
        reason: REJECT_REASONS[this.#reasons[i] as number] as RejectReason,
      };
    }
  }

  #list(offset: number, line: number, reason: number): void {
    if (this.#listed >= this.#most) return;
    if (this.#listed === this.#offsets.length) this.#grow();
    const at = this.#listed++;
    this.#offsets[at] = offset;
    this.#lines[at] = line;
    this.#reasons[at] = reason;
  }

  #grow(): void {
    const room = Math.min(this.#most, this.#listed * 2);
    const [offsets, lines, reasons] = [this.#offsets, this.#lines, this.#reasons];
    this.#offsets = new Float64Array(room);
    this.#offsets.set(offsets);
    this.#lines = new Float64Array(room);
    this.#lines.set(lines);
    this.#reasons = new Uint8Array(room);
    this.#reasons.set(reasons);
  }
}

/** The listed rows of two lists in the order of the file, and the counts of both. */
export function mergedRejected(a: RejectedRows, b: RejectedRows): RejectedList {
  const merged = new RejectedList();
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  let [one, other] = [left.next(), right.next()];
  while (!one.done || !other.done) {
    if (!one.done && (other.done || one.value.offset <= other.value.offset)) {
      merged.add(one.value);
      one = left.next();
    } else if (!other.done) {
      merged.add(other.value);
      other = right.next();
    }
  }
  for (const list of [a, b]) merged.countUnlisted(list);
  return merged;
}
