import { readFileSync } from "node:fs";
import { findProcess, type ProcessEntry } from "./process-table.js";

/**
 * The variable by which a process is known when nothing else tells whose it is. A child process is started
 * with a random value in it, and whatever it starts inherits that: a daemon, which left its group and lost
 * its parents, too. Out of reach is what cleared its environment as well. Linux only: elsewhere the
 * environment of another process cannot be read.
 */
export const MARK_VARIABLE = "DROVER_CHILD";

/** The mark in the environment that the process was started with; "" when it has none, or cannot be read. */
export function readMark(pid: number): string {
  return markIn(environmentOf(pid));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return ""; // ended, another user's, or no /proc
  }
}

function markIn(environment: string): string {
  const found = environment.split("\0").find((line) => line.startsWith(`${MARK_VARIABLE}=`));
  return found?.slice(MARK_VARIABLE.length + 1) ?? "";
}

/**
 * Processes whose parents died: the system hands them to one of this process's ancestors (the nearest
 * subreaper, else process 1), or to this process. Their marks are read once each.
 */
export class Orphans {
  readonly #seen = new Map<number, { readonly mark: string; readonly started: string }>();
  #last: { readonly table: readonly ProcessEntry[]; readonly marks: ReadonlyMap<number, string> } | undefined;

  /** The marks of the orphans in a reading of the process table, by pid. */
  marksIn(table: readonly ProcessEntry[]): ReadonlyMap<number, string> {
    if (this.#last?.table === table) return this.#last.marks;
    const own = reapers();
    const orphans = table.filter((entry) => own.has(entry.parent));
    const marks = new Map(orphans.map(({ pid, started }) => [pid, this.#markOf(pid, started)]));
    for (const pid of this.#seen.keys()) if (!marks.has(pid)) this.#seen.delete(pid);
    this.#last = { table, marks };
    return marks;
  }

  #markOf(pid: number, started: string): string {
    const seen = this.#seen.get(pid);
    if (seen?.started === started) return seen.mark;
    const environment = environmentOf(pid);
    const mark = markIn(environment);
    // It is empty for a moment while a program is started: that one is read again with the next table.
    if (environment !== "") this.#seen.set(pid, { mark, started });
    return mark;
  }
}

/** This process and its ancestors. None of them can be asked whether it is a subreaper. */
function reapers(): ReadonlySet<number> {
  const found = new Set<number>();
  for (let pid = process.pid; pid > 0 && !found.has(pid); pid = findProcess(pid)?.parent ?? 0) found.add(pid);
  return found;
}
