import type { Attempt, Outcome } from "@drover/core";
import { waitFor } from "../wait-for-state.js";

/** An attempt that waits for the test to say how it ends. */
export interface HeldAttempt {
  readonly attempt: Attempt;
  end(outcome: Outcome): void;
}

/**
 * An `execute` in a test's hands: each attempt is held until the test ends it. One that is told to stop ends by itself as a real one
 * would: `cancelled` for a cancel, `released` for anything else.
 */
export class ManualConsumer {
  readonly #held: HeldAttempt[] = [];
  #taken = 0;

  /** Number of attempts that were started. */
  get started(): number {
    return this.#held.length;
  }

  readonly execute = (attempt: Attempt): Promise<Outcome> =>
    new Promise((resolve) => {
      const stop = () => resolve({ kind: attempt.signal.reason === "cancelled" ? "cancelled" : "released" });
      attempt.signal.addEventListener("abort", stop);
      if (attempt.signal.aborted) stop();
      this.#held.push({ attempt, end: resolve });
    });

  /** The next attempt that starts, or that started and was not asked for yet. */
  next(): Promise<HeldAttempt> {
    const index = this.#taken++;
    return waitFor(() => this.#held[index], { what: `attempt ${index + 1} of the test to start` });
  }
}
