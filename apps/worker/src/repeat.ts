import type { Clock } from "@drover/core";

/** Something that is done again and again. */
export interface Repetition {
  /** Starts no further round; resolves when the running one has ended. */
  stop(): Promise<void>;
}

/**
 * Calls `round` at once, and again as many ms after it ended as it answered, until stopped. `round` handles its own errors; the signal
 * tells it to hurry.
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
