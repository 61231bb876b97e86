import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What a program gets of the worker's environment; by the last, a worker finds what it has started. */
const PASSED = ["PATH", "LANG", "DROVER_CHILD"];

/**
 * The whole environment of a program: PATH and LANG as they are here, the variables whose names are in
 * `passEnv`, TMPDIR, and those of the definition, which come before all others.
 */
export function environmentOf(
  { env, passEnv }: { readonly env: Readonly<Record<string, string>>; readonly passEnv: readonly string[] },
  temporaryFolder: string,
): Readonly<Record<string, string>> {
  const passed = [...PASSED, ...passEnv].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passed), TMPDIR: temporaryFolder, ...env };
}

/** Path of the first program of the name on a PATH, this process's by default; `undefined` for none. */
export function findOnPath(name: string, path = process.env["PATH"] ?? ""): string | undefined {
  const places = path.split(delimiter).filter((place) => place !== "");
  return places.map((place) => join(place, name)).find(isProgram);
}

/** Whether there is a file that may be executed. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
