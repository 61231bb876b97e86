import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { misspeltSettings, parseSettings, type Settings } from "@drover/settings";
import { childEnvironment } from "./child-environment.js";
import type { EnvironmentFor } from "./children/spawned-child.js";

/** What the worker was told. The only place that reads the environment. */
export interface Config {
  readonly settings: Settings;
  /** Absolute. */
  readonly dataFolder: string;
  /** As `openStore` takes it. */
  readonly storage: string;
  /** The environment of a child process, with the variables that its processor names. */
  readonly childEnvironment: EnvironmentFor;
  /** A sentence for each `DROVER_` variable that is no setting. */
  readonly misspelt: readonly string[];
  /** Unique among workers; letters, digits, "-" and "." only. Tells where the worker runs. */
  readonly workerId: string;
  /** Names the worker's own folder: unique like its id, but short. */
  readonly folderName: string;
  readonly version: string;
}

/**
 * `suffix` makes the worker's id unique where host and pid repeat.
 * @throws `SettingsError` listing every mistake.
 */
export function readConfig(suffix: string): Config {
  const settings = parseSettings(process.env);
  const dataFolder = resolve(settings.DROVER_DATA_DIR);
  return {
    settings,
    dataFolder,
    storage: settings.DROVER_STORAGE ?? `file:${join(dataFolder, "blobs")}`,
    childEnvironment: (named) => childEnvironment(process.env, [...settings.DROVER_CHILD_ENV, ...named]),
    misspelt: misspeltSettings(process.env),
    workerId: `${hostname().replaceAll(/[^A-Za-z0-9.-]/g, "-")}-${process.pid}-${suffix}`,
    folderName: suffix,
    version: readVersion(),
  };
}

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version; // our own file
}
