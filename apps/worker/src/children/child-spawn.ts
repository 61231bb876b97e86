import { type ChildProcess, spawn } from "node:child_process";
import type { Log } from "@drover/core";
import { MARK_VARIABLE, type Orphans, type ProcessKeeper } from "@drover/process-guard";
import type { Graces } from "./runner.js";
import type { Sampler } from "./sampler.js";

/** What all children of a worker share. */
export interface ChildSupport {
  /** The module that the child runs, and arguments for Node before it. */
  readonly entry: string;
  readonly nodeArguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Attempts after which a child is replaced. */
  readonly maxAttempts: number;
  readonly graces: Graces;
  readonly sampler: Sampler;
  readonly keeper: ProcessKeeper;
  readonly orphans: Orphans;
  /** A mark for one child that no other has; all marks of a worker begin alike. */
  readonly nextMark: () => string;
  readonly log: Log;
}

/** What a child loads. */
export interface ChildProcessor {
  readonly name: string;
  readonly moduleUrl: string;
  /** Whether a child runs further attempts after its first. */
  readonly isolation: "fresh" | "reuse";
  /** Resident memory of the child and all that it started. */
  readonly maxRssBytes: number;
}

/** Starts a child as the leader of a session and process group of its own, with a channel, its output piped here, and its mark. */
export function spawnChild(support: ChildSupport, processor: ChildProcessor, mark: string): ChildProcess {
  // The heap may take what the attempt may take: the default ceiling of V8 follows the machine's memory, not the processor's limit.
  const heapMib = Math.max(32, Math.floor(processor.maxRssBytes / 2 ** 20));
  return spawn(
    process.execPath,
    [
      `--max-old-space-size=${heapMib}`,
      ...support.nodeArguments,
      support.entry,
      processor.moduleUrl,
      processor.name,
    ],
    {
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...support.environment, [MARK_VARIABLE]: mark },
    },
  );
}
