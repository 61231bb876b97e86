import { fileURLToPath } from "node:url";
import type { Log } from "@drover/core";
import type { ChildSupport } from "./child-spawn.js";
import { Guardian } from "./guardian.js";
import type { GroupKeeper } from "./lineage.js";
import { GRACES, type Graces } from "./runner.js";
import { Sampler } from "./sampler.js";

export interface ChildrenOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Attempts after which a child is replaced. */
  readonly maxAttempts: number;
  /** Hears of every process group, beside the guardian. */
  readonly keeper: GroupKeeper;
  readonly log: Log;
  /** Default: `GRACES`. */
  readonly graces?: Graces;
  /** The module that a child runs, and arguments for Node before it. Default: the built entry beside this module. */
  readonly entry?: string;
  readonly nodeArguments?: readonly string[];
}

/** How often the memory and the stray processes of running attempts are looked at, in ms. */
const SAMPLE_MS = 250;

/** What all child processes of a worker share, with the guardian that ends them when the worker is gone; close it last. */
export function createChildren(options: ChildrenOptions): { support: ChildSupport; guardian: Guardian } {
  const { environment, maxAttempts, keeper, log, graces = GRACES, nodeArguments = [] } = options;
  const guardian = new Guardian();
  guardian.start();
  const support: ChildSupport = {
    entry: options.entry ?? fileURLToPath(new URL("./child-entry.js", import.meta.url)),
    nodeArguments,
    environment,
    maxAttempts,
    graces,
    log,
    sampler: new Sampler(SAMPLE_MS),
    keeper: {
      watch(group) {
        guardian.watch(group);
        keeper.watch(group);
      },
      forget(group) {
        guardian.forget(group);
        keeper.forget(group);
      },
    },
  };
  return { support, guardian };
}
