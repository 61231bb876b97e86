import type { Log } from "@drover/core";
import type { RedisLink } from "../redis-link.js";

/** How often the server's time is asked for, in ms. */
const MEASURE_MS = 10_000;
/** An answer that took longer says too little about the time, in ms. */
const MAX_ROUND_TRIP_MS = 500;
/** A difference between the clocks past which the operator is told, in ms. */
const MAX_SKEW_MS = 2_000;

/**
 * The server's wall time, from this machine's monotonic clock and the offset that was measured last: when the
 * connection was made and every 10 s since. Until the first answer it is this machine's own time. Ends with
 * `stop`.
 */
export class ServerClock {
  readonly #link: RedisLink;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  /** Server time minus monotonic time, in ms. */
  #offsetMs = Date.now() - performance.now();
  #latest = 0;
  #isSkewed = false;

  constructor(link: RedisLink, log: Log) {
    this.#link = link;
    this.#log = log;
    const measure = () => void this.measure().catch(() => {}); // Redis is away: measured when it is back
    link.client.on("ready", measure);
    this.#timer = setInterval(measure, MEASURE_MS).unref();
  }

  /**
   * ms since the epoch, whole. Never less than it was because of how the offset was measured, so that what is
   * stamped by it stays in order.
   */
  now(): number {
    this.#latest = Math.max(this.#latest, this.#estimate());
    return this.#latest;
  }

  /** Asks the server for its time. */
  async measure(): Promise<void> {
    const askedAt = performance.now();
    const [seconds, microseconds] = await this.#link.client.time();
    const answeredAt = performance.now();
    if (answeredAt - askedAt > MAX_ROUND_TRIP_MS) return;
    const offsetMs = Number(seconds) * 1_000 + Number(microseconds) / 1_000 - (askedAt + answeredAt) / 2;
    // One of the clocks was set.
    if (Math.abs(offsetMs - this.#offsetMs) > MAX_ROUND_TRIP_MS) this.#latest = 0;
    this.#offsetMs = offsetMs;
    this.#report(this.#estimate() - Date.now());
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #estimate(): number {
    return Math.round(performance.now() + this.#offsetMs);
  }

  /** Once when the clocks part, and once when they agree again. */
  #report(skewMs: number): void {
    const isSkewed = Math.abs(skewMs) > MAX_SKEW_MS;
    if (isSkewed === this.#isSkewed) return;
    this.#isSkewed = isSkewed;
    if (isSkewed) {
      const seconds = Math.round(Math.abs(skewMs) / 1_000);
      this.#log.warn(
        `The clock of this machine differs from that of Redis by ${seconds} s; ` +
          "ages are taken from Redis. Is NTP running on both?",
        { skew_ms: Math.round(skewMs) },
      );
    } else this.#log.info("The clocks of this machine and of Redis agree again");
  }
}
