const HOUR = 3600;
const QUARTER = 900;

/**
 * Turns wall-clock seconds of one time zone into instants and back, with the zone data of the JavaScript
 * runtime. Offsets are computed once per quarter of an hour, since every change of them falls on one.
 */
export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #offsets = new Map<number, number>();
  readonly #instants = new Map<number, number>();
  #lastQuarter = Number.NaN;
  #lastOffset = 0;

  /** @param name IANA name, as `Europe/Lisbon`. Throws `RangeError` when the runtime does not know it. */
  constructor(name: string) {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    this.#format = format.resolvedOptions().timeZone === "UTC" ? undefined : format;
  }

  /** Seconds to add to the instant for the wall clock there. */
  offsetAt(instant: number): number {
    if (this.#format === undefined) return 0;
    const quarter = Math.floor(instant / QUARTER);
    if (quarter === this.#lastQuarter) return this.#lastOffset;
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      offset = this.#computeOffset(quarter * QUARTER);
      this.#offsets.set(quarter, offset);
    }
    this.#lastQuarter = quarter;
    this.#lastOffset = offset;
    return offset;
  }

  /**
   * The instant of a wall-clock time, given as if it were UTC. A time that the clock shows twice is taken as
   * the first; one that it skips, as the moment an hour of clock later.
   */
  instantOf(wall: number): number {
    if (this.#format === undefined) return wall;
    const quarter = Math.floor(wall / QUARTER);
    let shift = this.#instants.get(quarter);
    if (shift === undefined) {
      shift = this.#shiftOf(quarter * QUARTER);
      this.#instants.set(quarter, shift);
    }
    return wall - shift;
  }

  #shiftOf(wall: number): number {
    const before = this.offsetAt(wall - 24 * HOUR);
    const after = this.offsetAt(wall + 24 * HOUR);
    if (this.offsetAt(wall - before) === before) return before;
    return this.offsetAt(wall - after) === after ? after : before;
  }

  #computeOffset(instant: number): number {
    const parts = this.#format?.formatToParts(instant * 1000) ?? [];
    const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
    const wall = Date.UTC(
      part("year"),
      part("month") - 1,
      part("day"),
      part("hour"),
      part("minute"),
      part("second"),
    );
    return wall / 1000 - instant;
  }
}

/** Whether the runtime knows a time zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
