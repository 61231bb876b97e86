import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@drover/core";

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};

/** A function that is called again and again. */
export interface Repetition {
  /** Starts no further round; resolves when the running one has ended. */
  stop(): Promise<void>;
}

/**
 * Calls `round` at once, and again after it ended, until stopped; the pause in ms is what it resolved to.
 * `round` handles its own errors. Its signal aborts when the repetition is stopped.
 */
export function repeat(round: (signal: AbortSignal) => Promise<number>, clock: Clock): Repetition {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      const pauseMs = await round(stopping.signal);
      await clock.sleep(pauseMs, stopping.signal).catch(() => {}); // stopped
    }
  };
  const ended = run();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
