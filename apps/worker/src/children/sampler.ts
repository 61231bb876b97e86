import {
  type Family,
  findProcess,
  lastStarted,
  listProcesses,
  type ProcessEntry,
  type ProcessTree,
} from "@drover/process-guard";

/** Called with each reading of a tree. */
export type OnSample = (family: Family) => void;

/** Readings of the whole table after something was started: a process has its number before it can be seen. */
const FULL_READINGS = 2;

/**
 * Reads the process table every `intervalMs` while attempts run, once for all of them, and once more after
 * the last ended (for what it may have left behind). Idle otherwise. While nothing is started on the machine
 * and no child has started anything, it reads the children themselves only.
 */
export class Sampler {
  readonly #intervalMs: number;
  readonly #listeners = new Map<ProcessTree, OnSample>();
  #active = 0;
  #lastReadingMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #started: number | undefined;
  #fullReadings = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Has the tree observe every reading from now on; the returned function ends that. */
  add(tree: ProcessTree, onSample: OnSample): () => void {
    this.#listeners.set(tree, onSample);
    return () => this.#listeners.delete(tree);
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
    const table = await this.#read().catch(() => []); // `ps` failed: the next reading is due soon
    this.#lastReadingMs = performance.now() - startedAt;
    for (const [tree, onSample] of this.#listeners) onSample(tree.observe(table));
    this.#timer = undefined;
    if (this.#active > 0) this.#schedule();
  }

  async #read(): Promise<readonly ProcessEntry[]> {
    const trees = [...this.#listeners.keys()];
    const started = lastStarted();
    if (started === undefined || started !== this.#started) this.#fullReadings = 0;
    this.#started = started;
    if (this.#fullReadings >= FULL_READINGS && trees.every((tree) => tree.isLeaderAlone))
      return trees.flatMap(({ leader }) => findProcess(leader) ?? []);
    this.#fullReadings += 1;
    return listProcesses();
  }
}
