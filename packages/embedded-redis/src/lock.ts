import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, isRunning, type ProcessIdentity } from "@drover/process-guard";

/** Another live process has a Redis on the data folder. */
export class FolderInUseError extends Error {
  override readonly name = "FolderInUseError";
}

interface LockContent {
  /** The process that called `startRedis`. */
  readonly owner: ProcessIdentity;
  /** Its Redis; `null` before it was started. */
  readonly redis: ProcessIdentity | null;
}

/** The right to run a Redis on one folder. */
export interface FolderLock {
  /** Writes down the Redis, so that a later owner can wait for it. */
  setRedis(redis: ProcessIdentity): void;
  release(): void;
}

const HANDOVER_MS = 10_000;

/**
 * Locks a data folder: `redis.lock` in it names the owner and its Redis. A lock whose owner died is taken
 * over as soon as its Redis, which the guardian stops, is gone; one that is still there after 10 s gets a
 * SIGTERM.
 * @throws `FolderInUseError` while the owner lives.
 */
export async function lockFolder(folder: string, log: (message: string) => void): Promise<FolderLock> {
  const path = join(folder, "redis.lock");
  const owner = identify(process.pid);
  if (owner === undefined) throw new Error("This system does not tell when a process started.");
  for (;;) {
    if (writeIfAbsent(path, { owner, redis: null })) return holdLock(path, owner);
    const found = readLock(path);
    if (found === "gone") continue;
    if (found !== "unreadable") {
      if (isRunning(found.owner)) throw new FolderInUseError(inUseMessage(folder, found));
      await leaveTo(found, log);
    }
    takeAway(path, found);
  }
}

function holdLock(path: string, owner: ProcessIdentity): FolderLock {
  return {
    setRedis(redis) {
      const draft = `${path}.${process.pid}`;
      writeFileSync(draft, JSON.stringify({ owner, redis } satisfies LockContent));
      renameSync(draft, path);
    },
    release: () => rmSync(path, { force: true }),
  };
}

/**
 * True when the file is ours now. Linking a finished draft makes the lock appear whole, so that nobody reads
 * half of it.
 */
function writeIfAbsent(path: string, content: LockContent): boolean {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(content));
  return linkIfAbsent(draft, path);
}

function linkIfAbsent(from: string, path: string): boolean {
  try {
    linkSync(from, path);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    rmSync(from, { force: true });
  }
}

function readLock(path: string): LockContent | "gone" | "unreadable" {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null && "owner" in value
      ? (value as LockContent) // written by this module only
      : "unreadable";
  } catch (error) {
    return isCode(error, "ENOENT") ? "gone" : "unreadable";
  }
}

/** Waits until the Redis of a dead owner has written its data and is gone. */
async function leaveTo(found: LockContent, log: (message: string) => void): Promise<void> {
  const { redis } = found;
  if (redis === null || !isRunning(redis)) return;
  log(`The Redis (pid ${redis.pid}) of a process that died is still stopping; waiting for it.`);
  if (await isGoneWithin(redis, HANDOVER_MS)) return;
  process.kill(redis.pid, "SIGTERM");
  if (await isGoneWithin(redis, HANDOVER_MS)) return;
  throw new FolderInUseError(
    `The Redis with pid ${redis.pid} of an earlier start does not stop. End it with: kill ${redis.pid}`,
  );
}

async function isGoneWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/**
 * Removes a stale lock. Of two processes that found the same stale lock, the slower could remove the lock
 * that the faster has just written; so the file is moved aside first, and put back when it is not the one
 * that was found.
 */
function takeAway(path: string, found: LockContent | "unreadable"): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isCode(error, "ENOENT")) return;
    throw error;
  }
  if (JSON.stringify(readLock(aside)) === JSON.stringify(found)) rmSync(aside);
  else linkIfAbsent(aside, path);
}

function inUseMessage(folder: string, { owner, redis }: LockContent): string {
  const server = redis === null ? "" : ` (its Redis: pid ${redis.pid})`;
  return (
    `The data folder ${folder} is in use by process ${owner.pid}${server}. Stop that one first, ` +
    "or use another folder (DROVER_DATA_DIR)."
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
