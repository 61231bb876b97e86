import { randomUUID } from "node:crypto";
import { lstat, readdir, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ignoring } from "./durable.js";

/** A file that is being written changes at least every 40 s: a client that sends less is cut off, and what it sent is written after 10 s. */
const LEAST_AGE_MS = 2 * 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** Removes the temporary files that killed processes left in one folder: those that nobody wrote to for `graceMs`, and for 2 minutes. */
export class Leftovers {
  readonly #folder: string;
  readonly #graceMs: number;
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(folder: string, graceMs: number) {
    this.#folder = folder;
    this.#graceMs = Math.max(graceMs, LEAST_AGE_MS);
  }

  /** Costs nothing when it was done lately: within the grace, and within the hour. */
  async sweep(): Promise<void> {
    if (performance.now() - this.#sweptAtMs < Math.min(this.#graceMs, LONGEST_PAUSE_MS)) return;
    this.#sweptAtMs = performance.now();
    const now = await this.#fileServerTime();
    if (now === undefined) return;
    const before = now - this.#graceMs;
    for (const name of (await readdir(this.#folder).catch(ignoring("ENOENT"))) ?? []) {
      const path = join(this.#folder, name);
      const found = await lstat(path).catch(ignoring("ENOENT"));
      if (found?.isFile() === true && found.mtimeMs < before) await unlink(path).catch(ignoring("ENOENT"));
    }
  }

  /**
   * The time by the clock that the files' times are from, in ms, which need not be this host's.
   * `undefined` when no file can be written.
   */
  async #fileServerTime(): Promise<number | undefined> {
    const path = join(this.#folder, `clock-${randomUUID()}`);
    try {
      await writeFile(path, "");
      return (await lstat(path)).mtimeMs;
    } catch {
      return undefined; // no folder, or no room: another sweep will come
    } finally {
      await unlink(path).catch(() => {});
    }
  }
}
