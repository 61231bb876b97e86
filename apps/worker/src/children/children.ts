import { fileURLToPath } from "node:url";
import type { Log } from "@drover/core";
import { Guardian, Orphans, type ProcessKeeper } from "@drover/process-guard";
import type { LoadedProcessor } from "../processor-modules.js";
import { ChildPool } from "./child-pool.js";
import type { ChildUser } from "./child-user.js";
import { ChildUsers } from "./child-users.js";
import { createInProcessRunner } from "./in-process-runner.js";
import { GRACES, type Graces, type Runner } from "./runner.js";
import { Sampler } from "./sampler.js";
import type { ChildSupport, EnvironmentFor } from "./spawned-child.js";

export interface ChildrenOptions {
  readonly environment: EnvironmentFor;
  /** The user of child processes, or the first of several. Default: the worker's own. */
  readonly user?: ChildUser | undefined;
  /** Attempts after which a child is replaced. */
  readonly maxAttempts: number;
  /** No other worker, living or dead, has it. The marks of all that this worker starts begin with it. */
  readonly workerMark: string;
  /** Where every process is recorded while it runs, beside the guardian. */
  readonly registry: ProcessKeeper;
  readonly log: Log;
  /** Default: `GRACES`. */
  readonly graces?: Graces;
  /**
   * The module that a child runs, and arguments for Node before it. Default: the built entry beside this
   * module.
   */
  readonly entry?: string;
  readonly nodeArguments?: readonly string[];
}

/** Time between two checks of running attempts for their memory and for stray processes, in ms. */
const SAMPLE_MS = 250;

/**
 * Returns what all child processes of a worker share, and the guardian that ends them when the worker is
 * gone. Close the guardian last.
 */
export function createChildren(options: ChildrenOptions): { support: ChildSupport; guardian: Guardian } {
  const { environment, maxAttempts, registry, log, graces = GRACES, nodeArguments = [] } = options;
  const markPrefix = markPrefixOf(options.workerMark);
  const guardian = new Guardian({ markPrefix });
  let children = 0;
  guardian.start();
  const support: ChildSupport = {
    entry: options.entry ?? fileURLToPath(new URL("./child-main.js", import.meta.url)),
    nodeArguments,
    environment,
    users: options.user === undefined ? undefined : new ChildUsers(options.user, log),
    maxAttempts,
    graces,
    log,
    sampler: new Sampler(SAMPLE_MS),
    registry: {
      watch(process) {
        guardian.watch(process);
        registry.watch(process);
      },
      forget(process) {
        guardian.forget(process);
        registry.forget(process);
      },
    },
    orphans: new Orphans(),
    nextMark: () => `${markPrefix}${++children}`,
  };
  return { support, guardian };
}

/**
 * Returns what runs a processor: a pool of children, `warmChildren` of them started ahead, or this process for
 * an `inProcess` one.
 */
export function createRunner(
  support: ChildSupport,
  { processor, moduleUrl }: LoadedProcessor,
  warmChildren: number,
): Runner {
  if (processor.inProcess) return createInProcessRunner(processor);
  const { name, isolation, limits, passEnv = [] } = processor;
  const { maxRssBytes } = limits;
  const pool = new ChildPool(support, { name, moduleUrl, isolation, passEnv, maxRssBytes, warmChildren });
  pool.warm();
  return pool;
}

/** Memory of a child that has loaded a processor and does nothing: 60 MiB with zod alone, and some to spare. */
const WARM_CHILD_BYTES = 100 << 20;

/**
 * Returns how many children of each processor are to be started ahead: one for each slot when they fit into a
 * quarter of the memory that is free, one at least.
 * @param pools processors that run in children.
 */
export function warmChildrenFor(slots: number, pools: number): number {
  const fitting = Math.floor(process.availableMemory() / 4 / WARM_CHILD_BYTES / Math.max(1, pools));
  return Math.max(1, Math.min(slots, fitting));
}

/** Returns how the marks of all that a worker starts begin. */
export function markPrefixOf(workerMark: string): string {
  return `${workerMark}.`;
}
