import { hostname, userInfo } from "node:os";
import { parseArgs } from "node:util";
import {
  type AuditLog,
  DEFAULT_TENANT,
  DomainError,
  type Log,
  SettingsError,
  TENANT_NAME,
} from "@drover/core";
import { type ImportOnceDeps, importOnce } from "./job-import/import-once.js";
import { type ReconcileOnceDeps, reconcileOnce } from "./upkeep/reconcile-once.js";

export type CommandDeps = ReconcileOnceDeps &
  ImportOnceDeps & { readonly audit: AuditLog; readonly log: Log };

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
    const isAdopting = values.adopt === true;
    await audited(deps, { action: isAdopting ? "reconcileAdopt" : "reconcile" }, () =>
      reconcileOnce(deps, isAdopting),
    );
    return 0;
  }
  if (name === "import" && folder !== undefined && rest.length === 0) {
    const { processor = deps.processor, tenant = deps.tenant } = values;
    if (!TENANT_NAME.test(tenant))
      throw new SettingsError(
        `--tenant: expected up to 63 lower-case letters, digits and inner hyphens; got "${tenant.slice(0, 80)}".`,
      );
    return audited(deps, { action: "importJobs", tenant, target: folder }, () =>
      importOnce(folder, { ...deps, processor, tenant }),
    );
  }
  throw new SettingsError(
    "Expected reconcile [--adopt] or import [--processor <name>] [--tenant <name>] <folder>; " +
      `got: ${words.join(" ")}`,
  );
}

/** What an operator does by a command. */
interface Act {
  readonly action: string;
  /** Whose jobs it makes. Default: those of all tenants are looked at, which is written as `default`. */
  readonly tenant?: string;
  /** Default: "". */
  readonly target?: string;
}

/** Runs it and notes it, also when it failed halfway. One that was refused has changed nothing. */
async function audited<T>({ audit, clock, log }: CommandDeps, act: Act, run: () => Promise<T>): Promise<T> {
  const note = async () => {
    const address = `${userInfo().username}@${hostname()}`;
    const { action, tenant = DEFAULT_TENANT, target = "" } = act;
    await audit
      .append({ at: clock.now(), keyId: null, tenant, address, action, target, requestId: "" })
      .catch((error: unknown) => log.warn("The audit log could not be written.", { action, error }));
  };
  try {
    const value = await run();
    await note();
    return value;
  } catch (error) {
    if (!(error instanceof DomainError)) await note();
    throw error;
  }
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
