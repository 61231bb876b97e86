import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * A folder that is held by a descriptor, so that it stays the same one whatever is put in the place of its path. What lies in it is
 * reached through the descriptor (on Linux; elsewhere by path, after a look that the path still leads to the folder).
 * Opened by `holdFolder`, ends with `close`.
 */
export interface HeldFolder {
  /** A path of an entry that leads through no link. The name is one segment. */
  pathOf(name: string): string;
  /** The folder of the name in this one. Throws `ENOTDIR` or `ELOOP` for a link, `ENOENT` for none. */
  open(name: string): Promise<HeldFolder>;
  /** What the name stands for, links not followed. */
  lstat(name: string): Promise<Stats>;
  /** Number of the file system. */
  readonly device: number;
  close(): Promise<void>;
}

/** Holds the folder at `path`, which is no link itself. */
export async function holdFolder(path: string): Promise<HeldFolder> {
  return held(await open(path, FOLDER), path);
}

async function held(handle: FileHandle, path: string): Promise<HeldFolder> {
  const own = await handle.stat();
  // Node has no openat(2). A path through /proc/self/fd/<number> is the folder itself, wherever it was moved meanwhile.
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
      return held(await open(join(through, name), FOLDER), join(path, name));
    },
    async lstat(name) {
      await assertInPlace();
      return lstat(join(through, name));
    },
    device: own.dev,
    close: () => handle.close(),
  };
}
