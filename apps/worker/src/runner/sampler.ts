import { listProcesses, type ProcessEntry } from "./process-table.js";

/** Looks at a reading of the process table. */
export type Look = (table: readonly ProcessEntry[]) => void;

/**
 * Reads the process table every `intervalMs` while attempts run, once for all of them, and once more after the last ended (for what
 * it may have left behind). Idle otherwise.
 */
export class Sampler {
  readonly #intervalMs: number;
  readonly #looks = new Set<Look>();
  #active = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Shows `look` every reading from now on; the answer ends that. */
  add(look: Look): () => void {
    this.#looks.add(look);
    return () => this.#looks.delete(look);
  }

  /** An attempt begins; the answer says that it ended. */
  begin(): () => void {
    this.#active += 1;
    this.#schedule();
    return () => {
      this.#active -= 1;
      this.#schedule();
    };
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.#tick(), this.#intervalMs);
  }

  async #tick(): Promise<void> {
    const table = await listProcesses().catch(() => []); // `ps` failed: the next reading is due soon
    for (const look of this.#looks) look(table);
    this.#timer = undefined;
    if (this.#active > 0) this.#schedule();
  }
}
