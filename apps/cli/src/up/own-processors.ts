import { statSync } from "node:fs";
import { basename, isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../exit.js";

/**
 * DROVER_PROCESSORS for the workers of `drover up --processor …`: the given ones beside those that it names
 * already, which are Drover's own unless it is set. Each is the path of a file, from the working folder, or
 * the name of a package that is installed there. Throws a `UsageError` for a path that is no file's.
 */
export function withOwnProcessors(named: string | undefined, own: readonly string[]): string {
  return [named ?? "built-in", ...own.map(moduleOf)].join(",");
}

function moduleOf(name: string): string {
  const stats = statSync(name, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return asEntry(name);
  if (!isPath(name)) return name; // a package: the worker knows where it looks for one
  const what = stats === undefined ? "does not exist" : "is not a file";
  throw new UsageError(`--processor: ${name} ${what}; expected a module, as ./word-count.mjs, or a package.`);
}

/** As the list takes it: a path is told by its start, and a comma would end it. */
function asEntry(path: string): string {
  if (path.includes(",")) return pathToFileURL(path).href.replaceAll(",", "%2C");
  return path.startsWith(".") || isAbsolute(path) ? path : `./${path}`;
}

/** `./x`, `/x` and `x.mjs`; neither `name` nor `@scope/name`. */
function isPath(name: string): boolean {
  return name.startsWith(".") || isAbsolute(name) || /\.[cm]?[jt]s$/.test(basename(name));
}
