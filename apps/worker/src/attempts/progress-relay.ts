import type { Progress } from "@drover/core";
import { clientProgress } from "./client-text.js";

export interface RelayOptions {
  /** Least time between two updates of one stage, in ms. */
  readonly intervalMs: number;
  /** Sends an update; nothing further is sent while the returned promise is pending. It must not reject. */
  readonly send: (progress: Progress) => Promise<void> | undefined;
}

/** Changes of stage that are each sent at once; further ones are merged like percentages. */
const MAX_STAGES = 100;

/**
 * Thins out progress: the first update and each change of stage go at once, the newest of the rest every
 * `intervalMs`, and the last with `flush()`. Bounded: at most `MAX_STAGES` updates wait.
 */
export class ProgressRelay {
  readonly #options: RelayOptions;
  #waiting: Progress[] = [];
  #lastStage: string | null | undefined;
  #stages = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  push(reported: Progress): void {
    // Before anything is kept or sent: a processor may report megabytes.
    const progress = clientProgress(reported);
    const isNewStage = progress.stage !== this.#lastStage && this.#stages < MAX_STAGES;
    if (isNewStage) {
      this.#stages += 1;
      this.#lastStage = progress.stage;
      this.#waiting.push(progress);
    } else if (this.#waiting.length > 0) {
      this.#waiting[this.#waiting.length - 1] = progress;
    } else {
      this.#waiting.push(progress);
    }
    this.#sendDue(isNewStage);
  }

  /** Sends what waits, without delay; resolves when it is sent. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending !== undefined) {
      await this.#sending;
      if (this.#sending === undefined) this.#sendNext();
    }
  }

  #sendDue(isUrgent: boolean): void {
    if (this.#sending !== undefined || this.#waiting.length === 0) return;
    const dueInMs = this.#sentAt + this.#options.intervalMs - performance.now();
    if (isUrgent || this.#waiting.length > 1 || dueInMs <= 0) {
      this.#sendNext();
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#sendDue(false);
      }, dueInMs);
    }
  }

  #sendNext(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sentAt = performance.now();
    this.#sending = this.#options.send(next)?.finally(() => {
      this.#sending = undefined;
      this.#sendDue(false);
    });
    if (this.#sending === undefined) this.#sendDue(false);
  }
}
