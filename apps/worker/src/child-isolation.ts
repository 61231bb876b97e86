import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SettingsError } from "@drover/core";
import { type ChildUser, findChildUser } from "./children/child-user.js";
import type { ChildAccess } from "./children/child-user-check.js";
import type { LoadedProcessor } from "./processor-modules.js";
import type { Parts } from "./worker-parts.js";

/**
 * The user that children run as; `undefined` for the worker's own, which a worker of root warns about.
 * @throws `SettingsError` when `DROVER_CHILD_USER` cannot be kept.
 */
export function childUserOf(
  { config, log }: Pick<Parts, "config" | "log">,
  processors: readonly LoadedProcessor[],
): ChildUser | undefined {
  const { DROVER_CHILD_USER: setting } = config.settings;
  if (setting === undefined) {
    if (process.platform === "linux" && process.getuid?.() === 0)
      log.warn("Processors run as root. Name another user in DROVER_CHILD_USER; see docs/security.md");
    return undefined;
  }
  const within = processors.find(({ processor }) => processor.inProcess);
  if (within === undefined) return findChildUser(setting);
  throw new SettingsError(
    `DROVER_CHILD_USER: the processor ${within.processor.name} runs inside the worker (inProcess), as its user. ` +
      "Take that out of its definition, or do not serve it here.",
  );
}

/** Where a worker's files are. */
export interface WorkerPlaces {
  readonly dataFolder: string;
  readonly workerFolder: string;
  /** Absent for a store that is elsewhere. */
  readonly storeFolder: string | undefined;
}

/** What the children of a worker pass through, may not enter, and read. */
export function accessOf(
  processors: readonly LoadedProcessor[],
  { dataFolder, workerFolder, storeFolder }: WorkerPlaces,
): ChildAccess {
  const files = [import.meta.url, ...processors.map(({ moduleUrl }) => moduleUrl)];
  return {
    passed: [dataFolder, dirname(workerFolder), workerFolder],
    closed: [join(dataFolder, "redis"), ...(storeFolder === undefined ? [] : [storeFolder])],
    read: [...new Set(files.map((url) => fileURLToPath(url)))],
  };
}
