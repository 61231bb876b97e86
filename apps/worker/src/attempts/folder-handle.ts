import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * An open folder: it stays the same one whatever is put in the place of its path. What lies in it is reached
 * through the file descriptor (on Linux; elsewhere by path, after a check that the path still leads to the
 * folder). Opened by `openFolder`, ends with `close`.
 */
export interface FolderHandle {
  /** Returns a path of an entry that leads through no link. The name is one segment. */
  pathOf(name: string): string;
  /**
   * Opens a folder in this one.
   * @throws `ENOTDIR` or `ELOOP` for a link, `ENOENT` for none.
   */
  open(name: string): Promise<FolderHandle>;
  /** Returns what the name stands for, links not followed. */
  lstat(name: string): Promise<Stats>;
  /** Names of what lies in it. */
  list(): Promise<readonly string[]>;
  /** Makes it another user's. */
  giveTo(user: { readonly uid: number; readonly gid: number }): Promise<void>;
  /** Number of the file system. */
  readonly device: number;
  close(): Promise<void>;
}

/**
 * Opens the folder at `path`.
 * @throws `ENOTDIR` or `ELOOP` when `path` is a link.
 */
export async function openFolder(path: string): Promise<FolderHandle> {
  return toHandle(await open(path, FOLDER), path);
}

async function toHandle(handle: FileHandle, path: string): Promise<FolderHandle> {
  const own = await handle.stat();
  // Node has no openat(2). A path through /proc/self/fd/<number> is the folder itself, wherever it was moved
  // meanwhile.
  const through = process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : path;
  const assertInPlace = async () => {
    const found = through === path ? await lstat(path) : own;
    if (found.ino === own.ino && found.dev === own.dev) return;
    throw Object.assign(new Error("The folder was replaced."), { code: "ENOTDIR" });
  };
  return {
    pathOf: (name) => join(through, name),
    async open(name) {
      await assertInPlace();
      return toHandle(await open(join(through, name), FOLDER), join(path, name));
    },
    async lstat(name) {
      await assertInPlace();
      return lstat(join(through, name));
    },
    async list() {
      await assertInPlace();
      return readdir(through);
    },
    giveTo: ({ uid, gid }) => handle.chown(uid, gid),
    device: own.dev,
    close: () => handle.close(),
  };
}
