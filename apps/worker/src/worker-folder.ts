import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@drover/core";
import type { GroupKeeper } from "./runner/lineage.js";
import { findProcess, listProcesses, pidSpace, signalGroup } from "./runner/process-table.js";

/** A worker that cannot be looked up by pid from here (another container or host on a shared disk) is dead when its folder was not touched for this long, in ms. */
const SILENT_MS = 10 * 60_000;

interface Owner {
  readonly pid: number;
  readonly startedAt: string;
  readonly space: string;
}

/**
 * A worker's own folder on its own disk: `<attempts>/<name>/`, with the folders of its running attempts below.
 *
 * `owner.json` says whose it is, `groups/<n>` which process groups run for it, so that the next worker can tell a dead worker's leavings
 * from a living one's and clear them away (`sweepDeadWorkers`). Begins with `open()`, ends with `remove()`.
 */
export class WorkerFolder implements GroupKeeper {
  readonly path: string;
  readonly #owner: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(attemptsFolder: string, name: string) {
    this.path = join(attemptsFolder, name);
    this.#owner = join(this.path, "owner.json");
  }

  async open(): Promise<void> {
    const self = await findProcess(process.pid);
    mkdirSync(join(this.path, "groups"), { recursive: true });
    const owner: Owner = { pid: process.pid, startedAt: self?.startedAt ?? "", space: pidSpace() };
    writeFileSync(this.#owner, JSON.stringify(owner));
    this.#timer = setInterval(() => void this.#touch(), SILENT_MS / 10).unref();
  }

  watch(group: number): void {
    void this.#record(group).catch(() => {}); // the folder was removed: the worker is stopping
  }

  forget(group: number): void {
    rmSync(this.#groupFile(group), { force: true });
  }

  async remove(): Promise<void> {
    clearInterval(this.#timer);
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Says that the worker lives, to workers that cannot look it up. */
  async #touch(): Promise<void> {
    const now = new Date();
    await utimes(this.#owner, now, now).catch(() => {}); // removed: the worker is stopping
  }

  async #record(group: number): Promise<void> {
    const leader = await findProcess(group);
    if (leader !== undefined) writeFileSync(this.#groupFile(group), leader.startedAt);
  }

  #groupFile(group: number): string {
    return join(this.path, "groups", String(group));
  }
}

/** Clears away what dead workers left: kills groups of theirs that still run, removes their folders. Answers how many workers that were. */
export async function sweepDeadWorkers(attemptsFolder: string, log: Log): Promise<number> {
  let swept = 0;
  for (const name of await readdir(attemptsFolder).catch(() => [])) {
    const folder = join(attemptsFolder, name);
    const owner = readOwner(folder);
    if (await isAlive(folder, owner)) continue;
    if (owner?.space === pidSpace()) await killGroups(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    log.info("Cleared what a dead worker had left", { folder: name, pid: owner?.pid });
    swept += 1;
  }
  return swept;
}

function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "owner.json"), "utf8")) as Owner; // written by open()
  } catch {
    return undefined; // being made just now, or torn: its age decides
  }
}

async function isAlive(folder: string, owner: Owner | undefined): Promise<boolean> {
  if (owner?.space === pidSpace()) return (await findProcess(owner.pid))?.startedAt === owner.startedAt;
  const touched = await stat(join(folder, "owner.json")).catch(() => stat(folder).catch(() => undefined));
  return touched !== undefined && Date.now() - touched.mtimeMs < SILENT_MS;
}

/**
 * Kills a recorded group if it still is the one that was recorded: its leader started at the recorded time, or is gone while members
 * live on. (A number cannot become a new process while a group of that number has members.)
 */
async function killGroups(folder: string): Promise<void> {
  const table = await listProcesses();
  for (const name of await readdir(join(folder, "groups")).catch(() => [])) {
    const group = Number(name);
    const leader = table.find((entry) => entry.pid === group);
    const recorded = readFileSync(join(folder, "groups", name), "utf8");
    if (leader === undefined || leader.startedAt === recorded) signalGroup(group, "SIGKILL");
  }
}
