import { constants } from "node:fs";
import { type FileHandle, lstat, open, rename, unlink } from "node:fs/promises";
import { publish } from "./durable.js";
import type { StoreRoot } from "./store-root.js";
import { hasCode } from "./system-errors.js";

/** No link is followed, and a pipe does not hold whoever opens it. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface Adoption {
  /** Path of the blob. */
  readonly target: string;
  readonly root: StoreRoot;
  /** Stores the file's bytes at the target when it lies on another device. */
  readonly copy: (file: FileHandle) => Promise<void>;
}

/**
 * Makes the file at `path` the blob at `target`, durably, by a rename where the device is the store's.
 * @throws `TypeError` unless it is a plain file without a second name, also when it is exchanged at the last
 *   moment.
 * @throws `storage_unavailable` when the store is gone.
 */
export async function adoptFile(path: string, { target, root, copy }: Adoption): Promise<void> {
  const file = await openOwnFile(path);
  try {
    await root.assertThere();
    await takeOver(file);
    await file.sync();
    await publish(path, target, { root });
    await assertMoved(file, { path, target });
  } catch (error) {
    if (!hasCode(error, "EXDEV")) throw root.nameTrouble(error);
    await copy(file);
    await unlink(path);
  } finally {
    await file.close();
  }
}

/**
 * A descriptor of the plain file at `path` that has no other name: a link would publish what it points at, a
 * second name would let its owner write to what is published.
 */
async function openOwnFile(path: string): Promise<FileHandle> {
  const seen = await lstat(path); // before it is opened: to open a device can do something
  if (!seen.isFile() || seen.nlink !== 1) throw notOwn();
  const file = await open(path, READ);
  const found = await file.stat();
  if (found.isFile() && found.nlink === 1 && found.ino === seen.ino && found.dev === seen.dev) return file;
  await file.close();
  throw notOwn();
}

/** Makes the file root's, where this process is: a processor of another user wrote it. */
async function takeOver(file: FileHandle): Promise<void> {
  if (process.geteuid?.() !== 0 || (await file.stat()).uid === 0) return;
  await file.chown(0, process.getegid?.() ?? 0);
  await file.chmod(0o644);
}

/**
 * Checks that the file at `target`, which was renamed from `path`, is the one that was opened before: a
 * process that lives on can put something else in its place at the last moment. That is taken out again.
 * @throws `TypeError` when it is another one.
 */
async function assertMoved(file: FileHandle, { path, target }: { path: string; target: string }) {
  const [own, moved] = [await file.stat(), await lstat(target)];
  if (moved.ino === own.ino && moved.dev === own.dev && moved.nlink === 1) return;
  await (moved.isDirectory() ? rename(target, path) : unlink(target));
  throw notOwn();
}

function notOwn(): TypeError {
  return new TypeError("Only a plain file of a single name can be adopted.");
}
