import { setTimeout as sleep } from "node:timers/promises";
import type { StopReason } from "@drover/core";
import type { BullAttempt } from "./bull-attempt.js";

/** How long no attempt has to run before none is expected any more, in ms. */
const IDLE_MS = 500;

/** The attempts that a consumer runs now, one for each job. */
export class RunningAttempts {
  readonly #attempts = new Map<string, BullAttempt>();

  get size(): number {
    return this.#attempts.size;
  }

  get(jobId: string): BullAttempt | undefined {
    return this.#attempts.get(jobId);
  }

  [Symbol.iterator](): IterableIterator<BullAttempt> {
    return this.#attempts.values();
  }

  add(attempt: BullAttempt): void {
    this.#attempts.set(attempt.request.id, attempt);
  }

  /** Takes the attempt out, unless a later one has its job. */
  remove(attempt: BullAttempt): void {
    const { id } = attempt.request;
    if (this.#attempts.get(id) === attempt) this.#attempts.delete(id);
  }

  stop(reason: StopReason): void {
    for (const attempt of this) attempt.stop(reason);
  }

  /** Resolves when none has run for a while (one may follow another that has just ended), or the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    do {
      while (this.size > 0) await Promise.race([...this].map((attempt) => attempt.ended));
      await sleep(IDLE_MS, undefined, { signal }).catch(() => {});
    } while (this.size > 0 && !signal.aborted);
  }
}
