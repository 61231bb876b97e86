import { statSync } from "node:fs";
import { createServer } from "node:net";
import { basename, isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../exit.js";

/**
 * The port that `PORT` names; 0 for a free one.
 * @throws a `UsageError` for anything that is no port.
 */
export function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`PORT: expected a whole number from 0 to 65535; got "${text}".`);
}

/**
 * The port that the api will listen on: `port` itself, or a free one for 0, so that an api that is started
 * again keeps its address.
 * @throws a `UsageError` that says what to do when nobody could listen there.
 */
export async function choosePort(host: string, port: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.on("error", reject);
      server.listen(port, host, resolve);
    });
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  } catch (error) {
    throw new UsageError(messageFor(error, host, port));
  } finally {
    server.close();
  }
}

function messageFor(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return (
      `Port ${port} of ${host} is taken: by another program, or by a Drover that is already up. Stop it, ` +
      `or choose another port: PORT=${port + 1} npx drover up (in a clone: npm start)`
    );
  }
  if (code === "EACCES")
    return `This user may not listen on port ${port}. Choose one from 1024 on: PORT=8000`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EADDRNOTAVAIL") {
    return (
      "HOST: expected an address of this machine, as 127.0.0.1, or 0.0.0.0 for all of them; got " +
      `"${host}" (${code}).`
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `The api cannot listen on ${host}:${port}: ${reason}`;
}

/**
 * DROVER_PROCESSORS for the workers of `drover up --processor …`: the given ones beside those that it names
 * already, which are Drover's own unless it is set. Each is the path of a file, from the working folder, or
 * the name of a package that is installed there.
 * @throws a `UsageError` for a path that is no file's.
 */
export function withOwnProcessors(named: string | undefined, own: readonly string[]): string {
  return [named ?? "built-in", ...own.map(moduleOf)].join(",");
}

function moduleOf(name: string): string {
  const stats = statSync(name, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return asEntry(name);
  if (!isPath(name)) return name; // a package: the worker knows where it looks for one
  const what = stats === undefined ? "does not exist" : "is not a file";
  throw new UsageError(
    `--processor: ${name} ${what}; expected a module, as ./word-count.mjs, a command file, as ./thumbnail.yaml, or a package.`,
  );
}

/** As the list takes it: a path is told by its start, and a comma would end it. */
function asEntry(path: string): string {
  if (path.includes(",")) return pathToFileURL(path).href.replaceAll(",", "%2C");
  return path.startsWith(".") || isAbsolute(path) ? path : `./${path}`;
}

/** `./x`, `/x`, `x.mjs` and `x.yaml`; neither `name` nor `@scope/name`. */
function isPath(name: string): boolean {
  return name.startsWith(".") || isAbsolute(name) || /\.([cm]?[jt]s|ya?ml)$/.test(basename(name));
}

/**
 * The setting by which each worker listens on a port of its own: the one that is set for the first, the next
 * ones for the others. None when no port is set; what is no port is left to the worker to refuse.
 * @param index 0-based number of the worker.
 */
export function workerPort(set: string | undefined, index: number): Readonly<Record<string, string>> {
  return /^[1-9]\d{0,4}$/.test(set ?? "") ? { DROVER_WORKER_PORT: String(Number(set) + index) } : {};
}
