import { Zone } from "../../time/zone.js";

const DAY = 86_400;
const ZERO = 48;

/**
 * Writes instants as RFC 3339 in one zone, into bytes: 25 characters, or 29 with milliseconds. Made for a
 * million calls in nearly steady order.
 */
export class Rfc3339Writer {
  /** The text of the latest `write`; a view that the next one overwrites. */
  readonly text: Buffer;
  readonly #zone: Zone;
  readonly #offsetAt: number;
  #day = Number.NaN;
  /** Days as text: in order of cases the day changes with nearly every event. */
  readonly #days = new Map<number, Buffer>();
  #offset = Number.NaN;

  constructor(zone: Zone, options: { readonly milliseconds: boolean }) {
    this.#zone = zone;
    this.text = Buffer.from(
      options.milliseconds ? "0000-00-00T00:00:00.000+00:00" : "0000-00-00T00:00:00+00:00",
    );
    this.#offsetAt = options.milliseconds ? 23 : 19;
  }

  /** @param instant whole seconds since 1970, UTC. */
  write(instant: number): Buffer {
    const offset = this.#zone.offsetAt(instant);
    const wall = instant + offset;
    const day = Math.floor(wall / DAY);
    if (day !== this.#day) this.#writeDay(day);
    if (offset !== this.#offset) this.#writeOffset(offset);
    const second = wall - day * DAY;
    const minute = (second / 60) | 0;
    const hour = (minute / 60) | 0;
    this.#two(11, hour);
    this.#two(14, minute - hour * 60);
    this.#two(17, second - minute * 60);
    return this.text;
  }

  #writeDay(day: number): void {
    this.#day = day;
    let text = this.#days.get(day);
    if (text === undefined) {
      text = Buffer.from(new Date(day * DAY * 1000).toISOString().slice(0, 10), "latin1");
      this.#days.set(day, text);
    }
    this.text.set(text);
  }

  #writeOffset(offset: number): void {
    this.#offset = offset;
    const minutes = Math.round(Math.abs(offset) / 60);
    this.text[this.#offsetAt] = offset < 0 ? 45 : 43;
    this.#two(this.#offsetAt + 1, Math.floor(minutes / 60));
    this.#two(this.#offsetAt + 4, minutes % 60);
  }

  #two(at: number, value: number): void {
    const tens = (value / 10) | 0;
    this.text[at] = ZERO + tens;
    this.text[at + 1] = ZERO + value - tens * 10;
  }
}

/**
 * An instant as RFC 3339 in a time zone.
 * @param instant whole seconds since 1970, UTC.
 */
export function rfc3339(instant: number, timezone: string): string {
  return rfc3339In(timezone)(instant);
}

/** A function that writes instants, in whole seconds since 1970, as RFC 3339 in a time zone. */
export function rfc3339In(timezone: string): (instant: number) => string {
  const writer = new Rfc3339Writer(new Zone(timezone), { milliseconds: false });
  return (instant) => writer.write(instant).toString("latin1");
}
