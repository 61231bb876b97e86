import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Worker } from "node:worker_threads";

/**
 * How long resources of an attempt may take to close after it returned, in ms: a file or a thread that just
 * ended.
 */
const SETTLE_MS = 100;

/** What a process may keep: what it had before its first attempt, times the factor, plus the margin. */
const MEMORY = {
  /** Heap and what hangs on it, after a garbage collection. */
  live: { factor: 1.5, marginBytes: 32 << 20 },
  /** Resident memory: counts against the limit of the next attempt. */
  resident: { factor: 1.5, marginBytes: 64 << 20 },
};

type Counts = ReadonlyMap<string | symbol, number>;

interface Baseline {
  readonly resources: Counts;
  readonly listeners: Counts;
  readonly threads: number;
  readonly memory: Memory;
  readonly folder: string;
}

interface Memory {
  readonly live: number;
  readonly resident: number;
}

/**
 * Says whether this process is as it was before its first attempt, so that it may run another: nothing open,
 * no thread, no further listener on `process`, memory near what it was. The working folder is put back.
 * Processes are the worker's to find.
 */
export class CleanCheck {
  readonly #threads = new Set<Worker>();
  readonly #openTimers: () => number;
  #baseline: Baseline | undefined;

  /**
   * Counts threads from now on.
   * @param openTimers how many timers of the last attempt may still fire.
   */
  constructor(openTimers: () => number) {
    this.#openTimers = openTimers;
    process.on("worker", (thread) => {
      this.#threads.add(thread);
      thread.once("exit", () => this.#threads.delete(thread));
    });
  }

  /** Takes the state to compare with: to be called once the processor is loaded. */
  begin(): void {
    this.#baseline = {
      resources: countsOf(process.getActiveResourcesInfo()),
      listeners: listenerCounts(),
      threads: this.#threads.size,
      memory: memoryNow(),
      folder: process.cwd(),
    };
  }

  /** Whether this process may run another attempt, as far as one look at it tells. */
  isClean(): boolean {
    const before = this.#baseline;
    return (
      before !== undefined &&
      this.#leftOpen(before) === undefined &&
      grownListeners(before.listeners) === undefined &&
      tooMuch(before.memory, memoryNow()) === undefined &&
      restore(before) === undefined
    );
  }

  /**
   * Returns why this process may not run another attempt, or `null`. Takes `SETTLE_MS` and a garbage
   * collection at most.
   */
  async leftover(): Promise<string | null> {
    const before = this.#baseline;
    if (before === undefined) return "it did not begin";
    const deadline = performance.now() + SETTLE_MS;
    for (let pauseMs = 0.125; ; pauseMs *= 2) {
      const left = this.#leftOpen(before);
      if (left === undefined) break;
      if (performance.now() > deadline) return `left open: ${left}`;
      if (pauseMs < 1) await nextTurn();
      else await sleep(pauseMs, undefined, { ref: false }); // not counted: it keeps nothing alive
    }
    const listeners = grownListeners(before.listeners);
    if (listeners !== undefined) return `left a listener on process: ${listeners}`;
    return restore(before) ?? this.#grownMemory(before.memory) ?? null;
  }

  #leftOpen(before: Baseline): string | undefined {
    if (this.#threads.size > before.threads) return "Worker";
    if (this.#openTimers() > 0) return "Timeout";
    return grown(before.resources, countsOf(process.getActiveResourcesInfo()));
  }

  #grownMemory(before: Memory): string | undefined {
    if (tooMuch(before, memoryNow()) === undefined) return undefined;
    collectGarbage();
    return tooMuch(before, memoryNow());
  }
}

function tooMuch(before: Memory, now: Memory): string | undefined {
  const found = (["live", "resident"] as const).find(
    (kind) => now[kind] > before[kind] * MEMORY[kind].factor + MEMORY[kind].marginBytes,
  );
  return found && `keeps memory: ${mib(now[found])} MiB ${found}, ${mib(before[found])} MiB at its start`;
}

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function memoryNow(): Memory {
  const { heapUsed, external, rss } = process.memoryUsage();
  return { live: heapUsed + external, resident: rss };
}

let collect: (() => void) | undefined;

/** Not by a flag on the command line: processors would see a global `gc`. */
function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

function listenerCounts(): Counts {
  return new Map(process.eventNames().map((name) => [name, process.listenerCount(name)]));
}

/** Returns the first event that `process` has more listeners of than before. */
function grownListeners(before: Counts): string | undefined {
  for (const name of process.eventNames())
    if (process.listenerCount(name) > (before.get(name) ?? 0)) return String(name);
  return undefined;
}

function countsOf(names: readonly string[]): Counts {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Returns the first name that counts more than before. */
function grown(before: Counts, now: Counts): string | undefined {
  for (const [name, count] of now) if (count > (before.get(name) ?? 0)) return String(name);
  return undefined;
}

/** Puts the working folder back; returns why it could not. */
function restore({ folder }: Baseline): string | undefined {
  try {
    if (process.cwd() !== folder) process.chdir(folder);
    return undefined;
  } catch {
    return "its working folder is gone";
  }
}
