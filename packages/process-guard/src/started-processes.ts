import { existsSync, openSync, readSync } from "node:fs";
import { readMark } from "./orphaned-processes.js";
import { findProcess, type ProcessEntry } from "./process-table.js";

/** Numbers that one look goes through before a reading of the process table is cheaper. */
const MAX_NUMBERS = 256;
/** Time in which the system cannot have given out all its numbers (32,768 at least), in ms. */
const MAX_AGE_MS = 2_000;
/**
 * A process has its number before it can be seen, and no environment for the moment in which it becomes another
 * program: each number is looked at for at least this long, in ms.
 */
const SETTLE_MS = 50;

/**
 * Says whether a process that was started since the last look may be one of those that are looked for. Linux
 * numbers processes and threads in turn, so a look goes through the few numbers that were given out since: it
 * costs a read while nothing was started, and some µs for each number then. Where the system does not tell, any
 * look says that there may be one.
 */
export class StartedProcesses {
  readonly #leader: number;
  /** Numbers up to this one are settled. */
  #settled: number;
  /** The last number at a look of that time. */
  #seen: { readonly number: number; readonly atMs: number };
  #lookedAt = performance.now();

  /** @param leader a process that was started a moment ago, before all that is looked for. */
  constructor(leader: number) {
    this.#leader = leader;
    this.#settled = leader;
    this.#seen = { number: leader, atMs: this.#lookedAt };
  }

  /** @param isOurs says it of a living process and of the mark in its environment. */
  mayInclude(isOurs: (entry: ProcessEntry, mark: string) => boolean): boolean {
    const now = performance.now();
    const isLongAgo = now - this.#lookedAt > MAX_AGE_MS;
    const last = lastStarted();
    this.#lookedAt = now;
    if (last === undefined) return true;
    if (last < this.#settled || last - this.#settled > MAX_NUMBERS || isLongAgo) {
      this.#settled = last - MAX_NUMBERS / 2;
      this.#seen = { number: last, atMs: now };
      return true;
    }
    const isAnyOurs = this.#isAnyOurs(last, isOurs);
    if (!isAnyOurs && now - this.#seen.atMs > SETTLE_MS) {
      this.#settled = this.#seen.number;
      this.#seen = { number: last, atMs: now };
    }
    return isAnyOurs;
  }

  #isAnyOurs(last: number, isOurs: (entry: ProcessEntry, mark: string) => boolean): boolean {
    for (let pid = last; pid > this.#settled; pid--) {
      // Ended, or a thread of the leader.
      if (!existsSync(`/proc/${pid}`) || existsSync(`/proc/${this.#leader}/task/${pid}`)) continue;
      const entry = findProcess(pid);
      if (entry !== undefined && isOurs(entry, readMark(pid))) return true;
    }
    return false;
  }
}

let loadavg: number | undefined;
const buffer = Buffer.alloc(128);

/**
 * The number that the process or thread got which was started last, whoever started it: as long as it is the
 * same, nothing was. `undefined` where the system does not tell: some sandboxes always say 0. Linux: last
 * field of /proc/loadavg (proc(5)).
 */
export function lastStarted(): number | undefined {
  try {
    loadavg ??= openSync("/proc/loadavg", "r"); // kept open: this is asked for at the end of each attempt
    const text = buffer.toString("latin1", 0, readSync(loadavg, buffer, 0, buffer.length, 0));
    return Number(text.slice(text.lastIndexOf(" "))) || undefined;
  } catch {
    return undefined;
  }
}
