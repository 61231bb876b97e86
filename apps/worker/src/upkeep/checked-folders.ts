/** Most folders that are remembered; past it they are simply looked at more often. */
const CAPACITY = 100_000;

/**
 * Folders that were found in order and need no second look for a while, so that a sweep costs a listing and a few look-ups instead of
 * one look-up for each file there is.
 */
export class CheckedFolders {
  readonly #forMs: number;
  readonly #now: () => number;
  readonly #until = new Map<string, number>();

  constructor(forMs: number, now: () => number) {
    this.#forMs = forMs;
    this.#now = now;
  }

  has(folder: string): boolean {
    const until = this.#until.get(folder);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#until.delete(folder);
    return false;
  }

  add(folder: string): void {
    if (this.#until.size >= CAPACITY) this.#until.clear();
    this.#until.set(folder, this.#now() + this.#forMs);
  }

  clear(): void {
    this.#until.clear();
  }
}
