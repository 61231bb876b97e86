import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { type CommandArgument, readArguments } from "./command-arguments.js";
import { findOnPath, isProgram } from "./command-environment.js";
import { runCommand } from "./command-run.js";
import { defineProcessor } from "./define-processor.js";
import { assertKnown } from "./definition-check.js";
import type { Processor, ProcessorDefinition } from "./processor-types.js";

/** What an exit code of the program means for the attempt. */
export type ExitMeaning =
  /** The work is done, as after 0. */
  | { readonly outcome: "completed" }
  /** The input can never work: the job fails at once. */
  | { readonly outcome: "input_invalid"; readonly message?: string }
  /** The attempt failed; the next one starts no earlier than `afterMs` from now, 0 to 24 h. */
  | { readonly outcome: "try_later"; readonly afterMs: number; readonly message?: string }
  /** The attempt failed, as after any other code than 0. */
  | { readonly outcome: "failed"; readonly message?: string };

/** What the author of a processor that runs a program writes. */
export interface CommandDefinition<Params>
  extends Omit<ProcessorDefinition<Params>, "run" | "params" | "inProcess" | "isolation"> {
  /** Default: no params. */
  readonly params?: z.ZodType<Params>;
  /**
   * The program: a name that is looked up on the PATH, or a path, from `folder` unless it is absolute. It is
   * run as it is, by no shell.
   */
  readonly command: string;
  /**
   * Its arguments, with placeholders: `{input}`, `{output}`, `{scratch}`, `{filename}`, `{media_type}`,
   * `{params}`, `{params.name}`, `{params.flag?--text}`; `{{` is a brace. A list in the list is arguments that
   * are left out together when a param in one of them is absent. Default none.
   */
  readonly args?: readonly (string | readonly string[])[];
  /**
   * Variables of its environment, without placeholders. Beside them it gets PATH, LANG, TMPDIR and
   * DROVER_CHILD, by which a worker finds what it has started.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** Names of variables that it gets as the worker has them. Those of Drover and Redis are never there. */
  readonly passEnv?: readonly string[];
  /** Its working folder: `scratch`, the attempt's own, or `definition`, which is `folder`. Default `scratch`. */
  readonly workingFolder?: "scratch" | "definition";
  /** Default: 0 is completed, any other failed. */
  readonly exitCodes?: Readonly<Record<number, ExitMeaning>>;
  /** Name of the artifact that the job's `/download` serves, if there is one of the name. */
  readonly primary?: string;
  /** Media types of artifacts by the ending of their names, as `.png`, beside those that the SDK knows. */
  readonly mediaTypes?: Readonly<Record<string, string>>;
  /** Where the definition is. Default: the folder that the worker was started in. */
  readonly folder?: string;
}

/** A definition that was checked, as it is run. */
export interface Command {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly args: readonly CommandArgument[];
  readonly env: Readonly<Record<string, string>>;
  readonly passEnv: readonly string[];
  /** Absolute; absent for the attempt's scratch folder. */
  readonly workingFolder?: string;
  readonly exitCodes: Readonly<Record<number, ExitMeaning>>;
  readonly primary: string | undefined;
  readonly mediaTypes: Readonly<Record<string, string>>;
}

type CheckedMembers = Omit<CommandDefinition<unknown>, "params">;

const MEMBERS: readonly (keyof CommandDefinition<never>)[] = [
  ...(["name", "version", "description", "accepts", "limits", "params", "command", "args", "env"] as const),
  ...(["passEnv", "workingFolder", "exitCodes", "primary", "mediaTypes", "folder"] as const),
];

/**
 * A processor that runs a program for each attempt. What the program writes to its output folder becomes
 * artifacts when it has ended well; JSON lines on its standard output are progress, stage, log and result, and
 * all other lines are log lines. docs/any-program.md has the whole protocol.
 * @throws `TypeError`, naming the processor and what was expected, for what `defineProcessor` refuses, a
 *   program that is not there, and a placeholder that there is not.
 */
export function defineCommand<Params>(definition: CommandDefinition<Params>): Processor {
  const { name, version, description, accepts, limits } = definition;
  const processor = defineProcessor<Params>({
    ...{ name, version, description },
    ...(accepts === undefined ? {} : { accepts }),
    ...(limits === undefined ? {} : { limits }),
    ...(definition.passEnv === undefined ? {} : { passEnv: definition.passEnv }),
    params: definition.params ?? (z.strictObject({}) as unknown as z.ZodType<Params>),
    run: (context) => runCommand(command, context),
  });
  assertKnown(name, "member", definition, MEMBERS);
  const command = checkedCommand(definition, Object.keys(propertiesOf(processor)));
  return processor;
}

function propertiesOf({ paramsSchema }: Processor): object {
  const { properties } = paramsSchema;
  return typeof properties === "object" && properties !== null ? properties : {};
}

function checkedCommand(definition: CheckedMembers, params: readonly string[]): Command {
  const { name, args = [], env = {}, passEnv = [], exitCodes = {}, mediaTypes = {} } = definition;
  const folder = resolve(definition.folder ?? ".");
  const { workingFolder = "scratch" } = definition;
  if (workingFolder !== "scratch" && workingFolder !== "definition") {
    throw new TypeError(
      `Processor ${name}: workingFolder is "scratch" or "definition"; got ${JSON.stringify(workingFolder)}.`,
    );
  }
  for (const code of Object.keys(exitCodes)) {
    if (!/^\d+$/.test(code) || Number(code) > 255)
      throw new TypeError(`Processor ${name}: exit codes are 0 to 255; got ${code}.`);
  }
  return {
    name,
    path: findProgram(definition, folder),
    args: readArguments(name, args, params),
    ...{ env, passEnv, exitCodes, mediaTypes },
    ...(workingFolder === "definition" ? { workingFolder: folder } : {}),
    primary: definition.primary,
  };
}

function findProgram({ name, command, env }: CheckedMembers, folder: string): string {
  if (typeof command !== "string" || command === "") {
    throw new TypeError(`Processor ${name}: command is a program, as "convert" or "./thumbnail.py".`);
  }
  if (command.includes("/")) {
    const path = resolve(folder, command);
    if (isProgram(path)) return path;
    const hint = existsSync(path) ? "is no program" : "does not exist";
    throw new TypeError(
      `Processor ${name}: command ${command} ${hint} (looked for at ${path}). A script needs a first line as ` +
        "#!/usr/bin/env python3, and the right to be executed: chmod +x.",
    );
  }
  const found = findOnPath(command, env?.["PATH"]);
  if (found !== undefined) return found;
  throw new TypeError(
    `Processor ${name}: command ${command} is not on the PATH of this worker. Install it, or give a path that ` +
      'starts with "./" or "/".',
  );
}
