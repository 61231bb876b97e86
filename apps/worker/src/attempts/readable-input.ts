import { constants } from "node:fs";
import { chmod, copyFile, link, mkdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Returns a path of the input for a child process of another user, which can read it there and neither write
 * nor remove it: `folder`, which is made unless it is there, is this process's own, and nobody else lists it.
 * The file in it is the input itself under a second name, as the store's folders are closed to that user; a
 * copy where the store is on another disk, gives no second names, or keeps others from reading its files.
 */
export async function readableInput(path: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o711);
  if (dirname(path) === folder) {
    await chmod(path, 0o444); // a copy already, from a store without files
    return path;
  }
  const own = join(folder, basename(path));
  const isReadable = ((await stat(path)).mode & 0o004) !== 0;
  const isLinked = isReadable && (await link(path, own).then(() => true, isUnlinkable));
  if (isLinked) return own;
  await copyFile(path, own, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await chmod(own, 0o444);
  return own;
}

/** False for what other disks, and file systems without second names, say. */
function isUnlinkable(error: unknown): false {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].some((known) => known === code))
    return false;
  throw error;
}
