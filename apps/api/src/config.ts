import { resolve } from "node:path";
import { misspeltSettings, parseSettings, type Settings } from "@drover/core";

export interface Config {
  readonly settings: Settings;
  /** `file:<folder>`, absolute. */
  readonly storage: string;
  /** A sentence for each variable that looks like a setting and is none. */
  readonly misspelt: readonly string[];
}

/**
 * The api's configuration from the environment. The only place that reads it.
 * @throws `SettingsError` listing every mistake.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const settings = parseSettings(env);
  return {
    settings,
    storage: settings.DROVER_STORAGE ?? `file:${resolve(settings.DROVER_DATA_DIR, "blobs")}`,
    misspelt: misspeltSettings(env),
  };
}
