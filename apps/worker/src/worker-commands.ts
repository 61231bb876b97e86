import { parseArgs } from "node:util";
import { SettingsError, TENANT_NAME } from "@drover/core";
import { type ImportOnceDeps, importOnce } from "./job-import/import-once.js";
import { type ReconcileOnceDeps, reconcileOnce } from "./upkeep/reconcile-once.js";

export type CommandDeps = ReconcileOnceDeps & ImportOnceDeps;

/**
 * Does what a command line of `drover` asks of a process that has Redis and storage, once:
 *
 * ```
 * reconcile [--adopt]                                       makes inputs and jobs agree
 * import [--processor <name>] [--tenant <name>] <folder>    imports the job files of an earlier server
 * ```
 * @returns the exit code.
 * @throws SettingsError for any other words, and what the command throws.
 */
export async function runCommand(words: readonly string[], deps: CommandDeps): Promise<number> {
  const { values, positionals } = parsed(words);
  const [name, folder, ...rest] = positionals;
  if (name === "reconcile" && folder === undefined) {
    await reconcileOnce(deps, values.adopt === true);
    return 0;
  }
  if (name === "import" && folder !== undefined && rest.length === 0) {
    const { processor = deps.processor, tenant = deps.tenant } = values;
    if (!TENANT_NAME.test(tenant))
      throw new SettingsError(
        `--tenant: expected up to 63 lower-case letters, digits and inner hyphens; got "${tenant.slice(0, 80)}".`,
      );
    return importOnce(folder, { ...deps, processor, tenant });
  }
  throw new SettingsError(
    "Expected reconcile [--adopt] or import [--processor <name>] [--tenant <name>] <folder>; " +
      `got: ${words.join(" ")}`,
  );
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: { adopt: { type: "boolean" }, processor: { type: "string" }, tenant: { type: "string" } },
      allowPositionals: true,
    });
  } catch (cause) {
    throw new SettingsError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
