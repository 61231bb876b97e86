import { constants } from "node:fs";
import { copyFile, link, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BlobExistsError, DomainError } from "@drover/core";
import type { StoreRoot } from "./store-root.js";

/**
 * How often a folder may be removed by others between its making and the rename into it: each round, another
 * `remove` has to win the same race.
 */
const MAX_ROUNDS = 100;
/** A pause lets those others end. It grows by 1 ms a round up to this, to about 4 s in all. */
const MAX_PAUSE_MS = 50;

/** How a whole file gets its name: `rename` replaces what is there, `linkNew` throws `EEXIST` then. */
export type Naming = (from: string, to: string) => Promise<void>;

export interface PublishOptions {
  readonly root: StoreRoot;
  /** Default `rename`. */
  readonly name?: Naming;
  /** Whether the folders on the way are fsynced. Default true. */
  readonly isDurable?: boolean;
}

/**
 * Moves the whole, fsynced file `from` to `to` below the root, and fsyncs the folders on the way, so that
 * after a power loss the file is there under its name. Makes the folders that are missing, also when a
 * concurrent removal takes them away again.
 * @throws `storage_unavailable` when the store is gone.
 * @throws `BlobExistsError` when the name is taken and `linkNew` was to give it.
 */
export async function publish(
  from: string,
  to: string,
  { root, name = rename, isDurable = true }: PublishOptions,
): Promise<void> {
  const folder = dirname(to);
  for (let round = 1; ; round++) {
    try {
      await name(from, to);
      break;
    } catch (error) {
      if (hasCode(error, "EEXIST")) throw new BlobExistsError("A blob has this key already.");
      if (!hasCode(error, "ENOENT") || round === MAX_ROUNDS) throw error;
      await root.assertThere();
      if (round > 1) await sleep(Math.min(round - 2, MAX_PAUSE_MS));
      await root.makeFolder(folder);
    }
  }
  if (isDurable) await root.folders.syncUpwards(folder);
}

/**
 * Gives the file another name, `to`.
 * @throws `EEXIST` when that is taken.
 */
export async function linkNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!hasCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK")) throw error;
    // A file system without hard links.
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await syncFile(to);
  }
}

/**
 * Fsyncs the file at `path`.
 * @throws `ELOOP` for a symbolic link.
 */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether a system call failed with one of the codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code)
  );
}

/** A handler for `catch` that resolves to `undefined` for the codes and throws anything else on. */
export function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!hasCode(error, ...codes)) throw error;
    return undefined;
  };
}

/** What systems say of a device, or of a server behind a mount, that is away or takes no bytes. */
const AWAY = ["EIO", "ENXIO", "ENODEV", "EROFS", "ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN"];

/**
 * Names what a failed system call means to a client.
 * @returns `storage_full` when a device or a quota has no room left, `storage_unavailable` when it is away;
 *   anything else as it came.
 */
export function asStorageError(error: unknown): unknown {
  if (hasCode(error, "ENOSPC", "EDQUOT"))
    return new DomainError("storage_full", "The storage has no room left for this file.", { cause: error });
  if (hasCode(error, ...AWAY))
    return new DomainError("storage_unavailable", "The storage does not answer just now.", { cause: error });
  return error;
}
