import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, type FileHandle, lstat, open, readdir, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import type { BlobInfo, BlobStat, BlobStore, ByteRange, PutOptions } from "@drover/core";
import { abortable } from "./abortable.js";
import { asStorageError, hasCode, ignoring, makeFolder, publish, syncFile } from "./durable.js";
import { keysBelow, removeEmptyFolders, removeTree } from "./folders.js";
import { assertKey, assertRange, folderKey, listingOf, TEMP_FOLDER } from "./keys.js";
import { writeNewFile } from "./write.js";

const MIB = 1 << 20;
const HOUR_MS = 3_600_000;
/** Longer than any upload: a temporary file that nobody wrote to for so long has no owner. */
const LEFTOVER_AGE_MS = 24 * HOUR_MS;

export interface DiskStoreOptions {
  /** Where the blobs are; made when missing. Every process that shares the store names the same folder. */
  readonly folder: string;
}

/**
 * Blobs as files below a folder, the key being the path.
 *
 * A blob is written to `.tmp/<random>`, fsynced, renamed to its key, and the folders up to the store's own are fsynced: it appears whole or
 * not at all, and survives a power loss once `put` has resolved. A failed write removes its temporary file; what a killed process left
 * there is removed when it is older than 24 h, before the first write and then by `remove`, at most once an hour.
 * `open` answers a stream that holds a descriptor from then on, so that a removal meanwhile does not break it; whoever opens
 * reads it, stops iterating or destroys it. A removal is not fsynced: after a power loss a removed blob may be back, for the sweeper.
 */
export function createDiskStore(options: DiskStoreOptions): BlobStore {
  return new DiskStore(resolve(options.folder));
}

class DiskStore implements BlobStore {
  readonly #root: string;
  readonly #temp: string;
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(root: string) {
    this.#root = root;
    this.#temp = join(root, TEMP_FOLDER);
  }

  async put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<BlobInfo> {
    const path = this.#pathOf(key);
    return this.#stage(async (temp) => {
      const { signal } = options;
      const info = await writeNewFile(
        temp,
        signal === undefined ? source : abortable(source, signal),
        options,
      );
      signal?.throwIfAborted();
      await publish(temp, path, this.#root);
      return info;
    });
  }

  async adopt(key: string, path: string): Promise<void> {
    const target = this.#pathOf(key);
    // A link would publish whatever it points at.
    if (!(await lstat(path)).isFile()) throw new TypeError(`Only a plain file can be adopted as ${key}.`);
    await syncFile(path);
    try {
      await publish(path, target, this.#root);
    } catch (error) {
      if (!hasCode(error, "EXDEV")) throw asStorageError(error);
      await this.#adoptCopy(path, target);
    }
  }

  async #adoptCopy(path: string, target: string): Promise<void> {
    await this.#stage(async (temp) => {
      await copyFile(path, temp, constants.COPYFILE_EXCL);
      await syncFile(temp);
      await publish(temp, target, this.#root);
    });
    await unlink(path);
  }

  async open(key: string, range?: ByteRange): Promise<Readable | undefined> {
    const path = this.#pathOf(key);
    if (range !== undefined) assertRange(range);
    const handle = await openBlob(path);
    return handle?.createReadStream({ highWaterMark: MIB, ...range });
  }

  async stat(key: string): Promise<BlobStat | undefined> {
    return statBlob(this.#pathOf(key));
  }

  async localPath(key: string): Promise<string | undefined> {
    const path = this.#pathOf(key);
    return (await statBlob(path)) === undefined ? undefined : path;
  }

  async *list(prefix: string): AsyncGenerator<BlobStat & { readonly key: string }> {
    const { folder, start } = listingOf(prefix);
    for await (const key of keysBelow(this.#root, folder, start)) {
      const found = await statBlob(join(this.#root, key));
      if (found !== undefined) yield { key, ...found };
    }
  }

  async remove(prefix: string): Promise<void> {
    const path = this.#pathOf(folderKey(prefix));
    await removeTree(path);
    await removeEmptyFolders(dirname(path), this.#root);
    await this.#removeLeftovers();
  }

  async check(): Promise<void> {
    const key = `.check/${randomUUID()}`;
    await this.put(key, Readable.from([Buffer.from(key)]));
    const stream = await this.open(key);
    const read = stream === undefined ? "" : Buffer.concat(await stream.toArray()).toString();
    await this.remove(key);
    if (read !== key) throw new Error("The storage does not give back what was written to it.");
  }

  #pathOf(key: string): string {
    assertKey(key);
    return join(this.#root, key);
  }

  /** Gives `write` a fresh path among the temporary files, and removes what is left there when it fails. */
  async #stage<T>(write: (temp: string) => Promise<T>): Promise<T> {
    const temp = join(this.#temp, randomUUID());
    try {
      await makeFolder(this.#temp);
      await this.#removeLeftovers();
      return await write(temp);
    } catch (error) {
      await unlink(temp).catch(ignoring("ENOENT", "ENOTDIR"));
      throw asStorageError(error);
    }
  }

  async #removeLeftovers(): Promise<void> {
    if (performance.now() - this.#sweptAtMs < HOUR_MS) return;
    this.#sweptAtMs = performance.now();
    const before = Date.now() - LEFTOVER_AGE_MS;
    for (const name of (await readdir(this.#temp).catch(ignoring("ENOENT"))) ?? []) {
      const path = join(this.#temp, name);
      const found = await statBlob(path);
      if (found !== undefined && found.modifiedAt < before) await unlink(path).catch(ignoring("ENOENT"));
    }
  }
}

/** A descriptor of the file at `path`; `undefined` when there is none, or something else: a folder, a symbolic link. */
async function openBlob(path: string): Promise<FileHandle | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
    ignoring("ENOENT", "ENOTDIR", "ELOOP"),
  );
  if (handle === undefined || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

async function statBlob(path: string): Promise<BlobStat | undefined> {
  const found = await lstat(path).catch(ignoring("ENOENT", "ENOTDIR"));
  if (found === undefined || !found.isFile()) return undefined;
  return { sizeBytes: found.size, modifiedAt: Math.trunc(found.mtimeMs) };
}
