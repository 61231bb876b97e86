import { randomUUID } from "node:crypto";
import { rename, rm, rmdir, unlink } from "node:fs/promises";
import { type FolderHandle, openFolder } from "./folder-handle.js";

/** Looks at a folder that does not get empty, because a process goes on writing to it. */
const MAX_LOOKS = 10;

/**
 * Removes the folder with all that is in it. No link is followed, also when a process that lives on puts one in
 * the place of a folder at the last moment: what root removes by path could be anything then. So each folder is
 * opened, and what lies in it reached through that. Folders in folders are moved up first, which takes two
 * descriptors, however deep they are. Silent when there is none; a link in its place goes.
 * @throws `ENOTEMPTY` when a process goes on writing to it.
 */
export async function removeFolder(path: string): Promise<void> {
  const folder = await openFolder(path).catch(ignoring("ENOENT", "ENOTDIR", "ELOOP"));
  if (folder === undefined) return rm(path, { force: true });
  try {
    for (let look = 0, names = await folder.list(); names.length > 0 && look < MAX_LOOKS; look++) {
      await removeAll(folder, names);
      names = await folder.list();
    }
  } finally {
    await folder.close();
  }
  await rmdir(path);
}

async function removeAll(folder: FolderHandle, names: readonly string[]): Promise<void> {
  const left = [...names];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (await isUnlinked(folder.pathOf(name))) continue;
    const below = await folder.open(name).catch(ignoring("ENOENT", "ENOTDIR", "ELOOP"));
    if (below === undefined) continue; // exchanged since: the next look finds what it is now
    try {
      for (const inner of await below.list()) {
        if (await isUnlinked(below.pathOf(inner))) continue;
        const moved = randomUUID();
        await rename(below.pathOf(inner), folder.pathOf(moved)).catch(ignoring("ENOENT"));
        left.push(moved);
      }
    } finally {
      await below.close();
    }
    await rmdir(folder.pathOf(name)).catch(ignoring("ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST"));
  }
}

/** Unlinks what is at `path`, links not followed; false when that is a folder, true also for nothing. */
async function isUnlinked(path: string): Promise<boolean> {
  try {
    await unlink(path);
  } catch (error) {
    if (hasCode(error, "EISDIR", "EPERM")) return false; // Linux says the first of a folder, others the second
    if (!hasCode(error, "ENOENT")) throw error;
  }
  return true;
}

/** For `catch`: gives `undefined` for an error with one of the codes. */
function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!hasCode(error, ...codes)) throw error;
  };
}

function hasCode(error: unknown, ...codes: readonly unknown[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(error.code);
}
