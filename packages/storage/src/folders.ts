import { opendir, readdir, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TEMP_FOLDER } from "./key-rules.js";
import type { StoreRoot } from "./store-root.js";
import { hasCode, ignoring } from "./system-errors.js";

/**
 * Keys of the files below `folder` of the store at `root` that start with `start`. Folders that cannot hold
 * one are not read; nothing is gathered in memory.
 */
export async function* keysBelow(root: string, folder: string, start: string): AsyncGenerator<string> {
  const entries = await opendir(join(root, folder)).catch(ignoring("ENOENT", "ENOTDIR"));
  if (entries === undefined) return;
  for await (const entry of entries) {
    const key = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (key === TEMP_FOLDER) continue;
    if (entry.isFile() && key.startsWith(start)) yield key;
    if (entry.isDirectory() && (`${key}/`.startsWith(start) || start.startsWith(`${key}/`))) {
      yield* keysBelow(root, key, start);
    }
  }
}

/**
 * Unlinks every file at or below `path`, and the folders that are empty then but for those that stay. What
 * comes in meanwhile stays; silent when there is nothing.
 * @throws `storage_unavailable` when the store is not there.
 */
export async function removeTree(path: string, root: StoreRoot): Promise<void> {
  if (await isUnlinked(path)) return;
  await root.assertThere();
  await removeFolder(path, root);
}

async function removeFolder(path: string, root: StoreRoot): Promise<void> {
  const names = await readdir(path).catch(ignoring("ENOENT", "ENOTDIR"));
  if (names === undefined) return;
  for (const name of names) {
    const below = join(path, name);
    if (!(await isUnlinked(below))) await removeFolder(below, root);
  }
  if (root.isKept(path)) return;
  await rmdir(path).catch(ignoring("ENOENT", "ENOTEMPTY", "EEXIST"));
}

/** Unlinks what is at `path`, links not followed; false when that is a folder, or nothing. */
function isUnlinked(path: string): Promise<boolean> {
  // Linux says EISDIR of a folder, others EPERM.
  return unlink(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, "EISDIR", "EPERM", "ENOENT", "ENOTDIR")) return false;
      throw error;
    },
  );
}

/** Removes `folder` and the folders above it as far as they are empty, but for those that stay. */
export async function removeEmptyFolders(folder: string, root: StoreRoot): Promise<void> {
  for (let at = folder; !root.isKept(at); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (hasCode(error, "ENOTEMPTY", "EEXIST", "ENOTDIR")) return;
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
}
