import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { MAX_CATALOGUE_ENTRY_BYTES, type ProcessorInfo } from "@drover/core";
import type { Processor } from "@drover/processor-sdk";
import { DEFAULTS } from "@drover/settings";
import { resolve } from "import-meta-resolve";
import { importProcessors } from "./import-processors.js";

/** A processor and the module that a child loads it from. */
export interface LoadedProcessor {
  readonly processor: Processor;
  readonly moduleUrl: string;
}

/** Thrown when a module cannot be served; names the module. */
export class ProcessorLoadError extends Error {
  override readonly name = "ProcessorLoadError";
}

/** Stands in DROVER_PROCESSORS for the processors that Drover brings. */
const BUILT_IN = "built-in";

/**
 * Loads the processors of each module; a module's default export is one processor or a list, and a `.yaml`
 * file defines one that runs a program. Names are packages, or paths from `folder`, or `built-in`.
 * @throws `ProcessorLoadError` for a module that is missing, fails, or exports no processor, and for a name
 *   that two modules claim.
 */
export async function loadProcessors(
  names: readonly string[],
  folder: string,
): Promise<readonly LoadedProcessor[]> {
  const modules = names.flatMap((name) => (name === BUILT_IN ? DEFAULTS.DROVER_PROCESSORS : [name]));
  const loaded = (await Promise.all(modules.map((name) => loadModule(name, folder)))).flat();
  const seen = new Map<string, string>();
  for (const { processor, moduleUrl } of loaded) {
    const other = seen.get(processor.name);
    if (other !== undefined) throw new ProcessorLoadError(twiceDefined(processor.name, other, moduleUrl));
    seen.set(processor.name, moduleUrl);
  }
  if (loaded.length === 0) throw new ProcessorLoadError("DROVER_PROCESSORS names no processor.");
  return loaded;
}

function twiceDefined(name: string, one: string, other: string): string {
  const files = one === other ? `${one}, twice,` : `${one} and ${other}`;
  return (
    `The processor ${name} is defined by ${files} in DROVER_PROCESSORS or --processor. Give one of them ` +
    "another name."
  );
}

async function loadModule(name: string, folder: string): Promise<readonly LoadedProcessor[]> {
  const moduleUrl = resolveModule(name, folder);
  let exported: unknown;
  try {
    exported = await importProcessors(moduleUrl);
  } catch (cause) {
    throw new ProcessorLoadError(`Processor module ${name} could not be loaded: ${reasonOf(cause)}`, {
      cause,
    });
  }
  const candidates: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  return candidates.map((candidate) => {
    if (isProcessor(candidate)) {
      assertAnnounceable(candidate);
      return { processor: candidate, moduleUrl };
    }
    throw new ProcessorLoadError(
      `Processor module ${name} has to export what defineProcessor() returns, or a list of those, as its ` +
        "default.",
    );
  });
}

/**
 * The error's words, and the first place of a file that its stack names: the author's own, where a line of
 * theirs threw.
 */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const place = /file:\/\/[^\s)]+?:\d+(?::\d+)?/.exec(cause.stack ?? "")?.[0];
  // Names what is wrong by itself.
  const isDefinition =
    cause.name === "CommandFileError" ||
    (cause instanceof TypeError && cause.message.startsWith("Processor "));
  return place === undefined || isDefinition ? cause.message : `${cause.name}: ${cause.message} (${place})`;
}

/**
 * Packages are looked up as `import` does it, from the folder that the worker was started in, then from the
 * worker's own dependencies.
 */
function resolveModule(name: string, folder: string): string {
  if (name.startsWith("file:")) return name;
  if (name.startsWith(".") || name.startsWith("/"))
    return pathToFileURL(join(name.startsWith("/") ? "" : folder, name)).href;
  let cause: unknown;
  for (const from of [pathToFileURL(join(folder, "package.json")).href, import.meta.url]) {
    try {
      return resolve(name, from);
    } catch (error) {
      if (!isNotFound(error)) throw new ProcessorLoadError(brokenPackage(name, error), { cause: error });
      cause = error;
    }
  }
  throw new ProcessorLoadError(
    `Processor module ${name} was not found: install the package, or give a path that starts with "./" ` +
      `or "/".`,
    { cause },
  );
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function brokenPackage(name: string, error: unknown): string {
  return `Processor module ${name} could not be found by its package.json: ${messageOf(error)}`;
}

function isProcessor(value: unknown): value is Processor {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "parseParams" in value &&
    typeof value.parseParams === "function" &&
    "run" in value &&
    typeof value.run === "function"
  );
}

function assertAnnounceable(processor: Processor): void {
  const bytes = Buffer.byteLength(JSON.stringify(describeProcessor(processor)));
  if (bytes <= MAX_CATALOGUE_ENTRY_BYTES) return;
  throw new ProcessorLoadError(
    `Processor ${processor.name}: its description and params schema take ${bytes} bytes in the ` +
      `catalogue; at most ${MAX_CATALOGUE_ENTRY_BYTES} fit.`,
  );
}

/** What the catalogue says about a processor. */
export function describeProcessor(processor: Processor): ProcessorInfo {
  const { name, version, description, accepts, limits, paramsSchema } = processor;
  return { name, version, description, accepts, limits, paramsSchema };
}
