import { listProcesses, type ProcessEntry } from "@drover/process-guard";

/** Called with each reading of the process table. */
export type OnSample = (table: readonly ProcessEntry[]) => void;

/**
 * Reads the process table every `intervalMs` while attempts run, once for all of them, and once more after
 * the last ended (for what it may have left behind). Idle otherwise.
 */
export class Sampler {
  readonly #intervalMs: number;
  readonly #listeners = new Set<OnSample>();
  #active = 0;
  #lastReadingMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Calls `onSample` with every reading from now on; the returned function ends that. */
  add(onSample: OnSample): () => void {
    this.#listeners.add(onSample);
    return () => this.#listeners.delete(onSample);
  }

  /** To be called when an attempt begins, and the returned function when it ends. */
  begin(): () => void {
    this.#active += 1;
    this.#schedule();
    return () => {
      this.#active -= 1;
      this.#schedule();
    };
  }

  #schedule(): void {
    // On a host with thousands of processes a reading takes long: never spend more than a tenth of the time
    // on it.
    this.#timer ??= setTimeout(() => void this.#tick(), Math.max(this.#intervalMs, this.#lastReadingMs * 10));
  }

  async #tick(): Promise<void> {
    const startedAt = performance.now();
    const table = await listProcesses().catch(() => []); // `ps` failed: the next reading is due soon
    this.#lastReadingMs = performance.now() - startedAt;
    for (const onSample of this.#listeners) onSample(table);
    this.#timer = undefined;
    if (this.#active > 0) this.#schedule();
  }
}
