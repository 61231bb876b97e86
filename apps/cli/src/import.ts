import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "./cli-config.js";
import { UsageError } from "./exit.js";
import { runWorkerCommand } from "./worker-command.js";

export interface ImportOptions {
  /** The processor that the jobs are listed under. Default: `DROVER_IMPORT_PROCESSOR`. */
  readonly processor?: string;
  /** Whose jobs they become. Default: `DROVER_IMPORT_TENANT`. */
  readonly tenant?: string;
}

/**
 * `drover import <folder>`: imports the job files of an earlier server, as `docs/import.md` describes them.
 * @returns the exit code: 0 whatever single files were left out, 1 when there was not one, or when Redis and
 *   storage do not belong together.
 * @throws a `UsageError` when there is no such folder.
 */
export async function importJobs(config: Config, folder: string, options: ImportOptions): Promise<number> {
  const path = resolve(folder);
  if ((await stat(path).catch(() => undefined))?.isDirectory() !== true)
    throw new UsageError(`${folder} is no folder; expected the one that holds jobs/<job_id>.json.`);
  return runWorkerCommand(config, importWords(path, options));
}

/** The words of the worker's program for it. */
export function importWords(folder: string, { processor, tenant }: ImportOptions = {}): readonly string[] {
  const options = Object.entries({ processor, tenant }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
  return ["import", ...options, "--", folder];
}
