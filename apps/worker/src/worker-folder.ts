import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir, stat, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Log } from "@drover/core";
import {
  endFamily,
  familyOf,
  identify,
  isRunning,
  type ProcessIdentity,
  type ProcessKeeper,
  pidSpace,
  readMark,
} from "@drover/process-guard";
import { removeFolder } from "./attempts/remove-folder.js";
import { markPrefixOf } from "./children/children.js";

/**
 * A worker whose pid means nothing here (another container or host on a shared disk) is dead when its folder
 * was not touched for this long, in ms.
 */
const SILENT_MS = 10 * 60_000;

interface Owner extends ProcessIdentity {
  readonly space: string;
}

/**
 * A worker's own folder on its own disk: `<attempts>/<name>/`, with the folders of its running attempts
 * below.
 *
 * `owner.json` says whose it is, `processes/<pid>` when each process that runs for it started, so that the
 * next worker can tell what a dead worker left from what a living one uses (`sweepDeadWorkers`). The folder's
 * name is the worker's mark. Begins with `open()`, ends with `remove()`.
 */
export class WorkerFolder implements ProcessKeeper {
  readonly path: string;
  readonly #owner: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(attemptsFolder: string, name: string) {
    this.path = join(attemptsFolder, name);
    this.#owner = join(this.path, "owner.json");
  }

  async open(): Promise<void> {
    const self = identify(process.pid) ?? { pid: process.pid, started: "" };
    mkdirSync(join(this.path, "processes"), { recursive: true });
    const owner: Owner = { ...self, space: pidSpace() };
    writeFileSync(this.#owner, JSON.stringify(owner));
    this.#timer = setInterval(() => void this.#touch(), SILENT_MS / 10).unref();
  }

  watch({ pid, started }: ProcessIdentity): void {
    try {
      writeFileSync(this.#fileOf(pid), started);
    } catch {
      // the folder was removed: the worker is stopping
    }
  }

  forget({ pid }: ProcessIdentity): void {
    rmSync(this.#fileOf(pid), { force: true });
  }

  async remove(): Promise<void> {
    clearInterval(this.#timer);
    await removeFolder(this.path);
  }

  /** Shows that the worker lives to workers that cannot look up its pid. */
  async #touch(): Promise<void> {
    const now = new Date();
    await utimes(this.#owner, now, now).catch(() => {}); // removed: the worker is stopping
  }

  #fileOf(pid: number): string {
    return join(this.path, "processes", String(pid));
  }
}

/** Opens the folder of this worker, after what dead workers left beside it is gone. */
export async function openWorkerFolder(
  attemptsFolder: string,
  name: string,
  log: Log,
): Promise<WorkerFolder> {
  const folder = new WorkerFolder(attemptsFolder, name);
  await folder.open();
  await sweepDeadWorkers(attemptsFolder, log);
  return folder;
}

/**
 * Cleans up after dead workers: kills their processes that still run, removes their folders.
 * @returns the number of workers.
 */
export async function sweepDeadWorkers(attemptsFolder: string, log: Log): Promise<number> {
  let swept = 0;
  for (const name of await readdir(attemptsFolder).catch(() => [])) {
    const folder = join(attemptsFolder, name);
    const owner = readOwner(folder);
    if (await isAlive(folder, owner)) continue;
    if (owner?.space === pidSpace()) await endProcesses(folder);
    await removeFolder(folder);
    log.info("Cleared what a dead worker had left", { folder: name, pid: owner?.pid });
    swept += 1;
  }
  return swept;
}

function readOwner(folder: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(join(folder, "owner.json"), "utf8")) as Partial<Owner>;
    return owner.started === undefined ? undefined : (owner as Owner); // written by open()
  } catch {
    return undefined; // being made just now, torn, or an earlier version's: its age decides
  }
}

async function isAlive(folder: string, owner: Owner | undefined): Promise<boolean> {
  if (owner?.space === pidSpace()) return isRunning(owner);
  const touched = await stat(join(folder, "owner.json")).catch(() => stat(folder).catch(() => undefined));
  return touched !== undefined && Date.now() - touched.mtimeMs < SILENT_MS;
}

/**
 * Kills the processes that the worker recorded or marked, with their groups; not one that was given the same
 * pid since.
 */
async function endProcesses(folder: string): Promise<void> {
  const recorded = readRecorded(join(folder, "processes"));
  const prefix = markPrefixOf(basename(folder));
  await endFamily((table) => familyOf(table, recorded, ({ pid }) => readMark(pid).startsWith(prefix)));
}

function readRecorded(folder: string): ReadonlyMap<number, ProcessIdentity> {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return new Map(
    names.map((name) => [
      Number(name),
      { pid: Number(name), started: readFileSync(join(folder, name), "utf8") },
    ]),
  );
}
