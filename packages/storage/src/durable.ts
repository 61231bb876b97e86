import { constants } from "node:fs";
import { copyFile, link, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BlobExistsError } from "@drover/core";
import type { StoreRoot } from "./store-root.js";
import { hasCode, ignoring } from "./system-errors.js";

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
 * Moves the whole file `from` to `to` below the root. When that is to be durable, `from` is fsynced already
 * and the folders on the way are now, so that after a power loss the file is there under its name. Makes the
 * folders that are missing, also when a concurrent removal takes them away again.
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
      // The folder alone is most often missing. In an unmounted disk's place the one above it is missing too.
      if (round === 2 && !root.isKept(folder)) await mkdir(folder).catch(ignoring("EEXIST"));
      else if (round > 1) await root.makeFolder(folder);
      await name(from, to);
      break;
    } catch (error) {
      if (hasCode(error, "EEXIST")) throw new BlobExistsError("A blob has this key already.");
      if (!hasCode(error, "ENOENT") || round === MAX_ROUNDS) throw error;
      if (round > 1) await root.assertThere();
      if (round > 2) await sleep(Math.min(round - 3, MAX_PAUSE_MS));
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
