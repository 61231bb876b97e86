import { lstat, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { ignoring } from "./system-errors.js";

/**
 * A file that is being written changes at least every 40 s: a client that sends less is cut off, and what it
 * sent is written after 10 s.
 */
const LEAST_AGE_MS = 2 * 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

export interface TemporaryFilesOptions {
  /** Where they are. */
  readonly folder: string;
  /** Files that nobody wrote to for so long, in ms, are removed; for 2 minutes at least. */
  readonly graceMs: number;
  /** The time by the clock that the files' times are from, in ms; it need not be this host's. */
  readonly readTime: () => Promise<number>;
}

/** Removes the temporary files that killed processes left. */
export class TemporaryFiles {
  readonly #options: TemporaryFilesOptions;
  readonly #graceMs: number;
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TemporaryFilesOptions) {
    this.#options = options;
    this.#graceMs = Math.max(options.graceMs, LEAST_AGE_MS);
  }

  /**
   * Costs nothing when it was done lately: within the grace, and within the hour. Removes nothing when the
   * time cannot be read, as on a disk that is full.
   */
  async sweep(): Promise<void> {
    if (performance.now() - this.#sweptAtMs < Math.min(this.#graceMs, LONGEST_PAUSE_MS)) return;
    this.#sweptAtMs = performance.now(); // first: to read the time is a use of the store, which sweeps
    const now = await this.#options.readTime().catch(() => undefined);
    if (now === undefined) return;
    const before = now - this.#graceMs;
    const { folder } = this.#options;
    for (const name of (await readdir(folder).catch(ignoring("ENOENT"))) ?? []) {
      const path = join(folder, name);
      const found = await lstat(path).catch(ignoring("ENOENT"));
      if (found?.isFile() === true && found.mtimeMs < before) await unlink(path).catch(ignoring("ENOENT"));
    }
  }
}
