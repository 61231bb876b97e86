import type { Clock } from "@drover/core";

/** A clock that a test moves by hand. */
export interface FakeClock extends Clock {
  /** How many sleeps have not ended. */
  readonly sleepers: number;
  /** Moves both times on by `ms`. Sleeps that end meanwhile do so in order, each at its own time, and what waits for them runs before the next. */
  advance(ms: number): Promise<void>;
}

interface Sleeper {
  readonly atMs: number;
  wake(): void;
}

/** A clock that stands still. `startAt` in ms since the epoch; default 2026-01-01T00:00:00Z. */
export function fakeClock(startAt = Date.UTC(2026, 0, 1)): FakeClock {
  const sleepers = new Set<Sleeper>();
  let elapsedMs = 0;
  return {
    get sleepers() {
      return sleepers.size;
    },
    now: () => startAt + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep: (ms, abort) =>
      new Promise((resolve, reject) => {
        if (abort?.aborted) return reject(abort.reason);
        const end = () => {
          sleepers.delete(sleeper);
          abort?.removeEventListener("abort", onAbort);
        };
        const onAbort = () => {
          end();
          reject(abort?.reason);
        };
        const wake = () => {
          end();
          resolve();
        };
        const sleeper = { atMs: elapsedMs + ms, wake };
        sleepers.add(sleeper);
        abort?.addEventListener("abort", onAbort);
      }),
    async advance(ms) {
      const target = elapsedMs + ms;
      for (let next = earliest(sleepers, target); next !== undefined; next = earliest(sleepers, target)) {
        elapsedMs = Math.max(elapsedMs, next.atMs);
        next.wake();
        await settled();
      }
      elapsedMs = target;
      await settled();
    },
  };
}

function earliest(sleepers: ReadonlySet<Sleeper>, untilMs: number): Sleeper | undefined {
  return [...sleepers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
}

/** Lets every promise that can go on do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
