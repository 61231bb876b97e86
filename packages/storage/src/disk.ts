import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import type { BlobInfo, BlobStat, BlobStore, ByteRange, PutOptions } from "@drover/core";
import { INSTALLATION_KEY, readFileTime } from "@drover/job-files";
import { adoptFile } from "./adoption.js";
import { writeNewFile } from "./blob-writer.js";
import { linkNew, publish, syncFile } from "./durable.js";
import { keysBelow, removeEmptyFolders, removeTree } from "./folders.js";
import { assertKey, assertRange, folderKey, listingOf } from "./key-rules.js";
import { StoreRoot } from "./store-root.js";
import { ignoring } from "./system-errors.js";
import { TemporaryFiles } from "./temporary-files.js";

/**
 * What is read at a time. Larger buffers are memory that is new each time, which took 2.5 times the processor
 * time; smaller ones are more calls.
 */
const READ_BYTES = 1 << 18;
/**
 * A file of up to so many bytes is read as a whole when it is opened: a stream would take longer to set up.
 */
const SMALL_BYTES = 1 << 16;

export interface DiskStoreOptions {
  /** Where the blobs are. Every process that shares the store names the same folder. */
  readonly folder: string;
  /**
   * This process removes temporary files that nobody wrote to for so long, in ms (2 minutes at least).
   * Default: it removes none.
   */
  readonly leftoverGraceMs?: number;
}

/**
 * Blobs as files below a folder, the key being the path.
 *
 * A blob is written to `.tmp/<random>`, fsynced, renamed to its key, and the folders up to the store's own
 * are fsynced: it appears whole or not at all, and survives a power loss once `put` has resolved (or, as its
 * options say, once a later one has). A failed write removes its temporary file; what a killed process left
 * there is removed after a grace, by whatever a process with that option does next. The store is there while
 * its folder has the installation file; top-level folders are made while it is, and stay when they are empty.
 *
 * `open` returns a stream that has its bytes, or holds a descriptor, from then on, so that a removal
 * meanwhile does not break it; whoever opens reads it, stops iterating or destroys it. A removal is not
 * fsynced: after a power loss a removed blob may be back, for the sweeper.
 */
export function createDiskStore(options: DiskStoreOptions): BlobStore {
  return new DiskStore(new StoreRoot(resolve(options.folder)), options.leftoverGraceMs);
}

class DiskStore implements BlobStore {
  readonly #root: StoreRoot;
  readonly #temporary: TemporaryFiles | undefined;
  /** Whether the folder of temporary files was there when it was last used. */
  #hasTemp = false;

  constructor(root: StoreRoot, leftoverGraceMs: number | undefined) {
    this.#root = root;
    if (leftoverGraceMs === undefined) return;
    this.#temporary = new TemporaryFiles({
      folder: root.temp,
      graceMs: leftoverGraceMs,
      readTime: () => readFileTime(this),
    });
  }

  async put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<BlobInfo> {
    return this.#stage(key, async (temp, path) => {
      const { signal, ifAbsent = false, isDurable = true, mayRevert = false, after = [] } = options;
      const before = Promise.all(after.map((earlier) => syncFile(this.#pathOf(earlier))));
      before.catch(() => {}); // met below, unless the write fails first
      const info = await writeNewFile(temp, source, { ...options, isDurable });
      await before;
      signal?.throwIfAborted();
      await publish(temp, path, {
        root: this.#root,
        isDurable: isDurable && !mayRevert,
        ...(ifAbsent ? { name: linkNew } : {}),
      });
      if (ifAbsent) await unlink(temp);
      return info;
    });
  }

  async adopt(key: string, path: string): Promise<void> {
    const root = this.#root;
    const copy = (file: FileHandle) =>
      this.#stage(key, async (temp, target) => {
        const bytes = file.createReadStream({ start: 0, autoClose: false, highWaterMark: READ_BYTES });
        await writeNewFile(temp, bytes, { isDurable: true });
        await publish(temp, target, { root });
      });
    await adoptFile(path, { target: this.#pathOf(key), root, copy });
  }

  async open(key: string, range?: ByteRange): Promise<Readable | undefined> {
    const path = this.#pathOf(key);
    if (range !== undefined) assertRange(range);
    return this.#found(key, openStream(path, range));
  }

  async stat(key: string): Promise<BlobStat | undefined> {
    return this.#found(key, statBlob(this.#pathOf(key)));
  }

  async localPath(key: string): Promise<string | undefined> {
    return (await this.stat(key)) === undefined ? undefined : this.#pathOf(key);
  }

  async *list(prefix: string): AsyncGenerator<BlobStat & { readonly key: string }> {
    const { folder, start } = listingOf(prefix);
    for await (const key of keysBelow(this.#root.path, folder, start)) {
      const found = await statBlob(join(this.#root.path, key));
      if (found !== undefined) yield { key, ...found };
    }
    await this.#root.assertThere(); // else the listing, or its end, may be that of an unmounted disk
    await this.#temporary?.sweep();
  }

  async remove(prefix: string): Promise<void> {
    const path = this.#pathOf(folderKey(prefix));
    try {
      await removeTree(path, this.#root);
      await removeEmptyFolders(dirname(path), this.#root);
    } catch (error) {
      throw this.#root.nameTrouble(error);
    }
  }

  async check(): Promise<void> {
    const key = `.drover/check-${randomUUID()}`;
    await this.put(key, Readable.from([Buffer.from(key)]));
    const stream = await this.open(key);
    const read = stream === undefined ? "" : Buffer.concat(await stream.toArray()).toString();
    await this.remove(key);
    if (read !== key) throw new Error("The storage does not give back what was written to it.");
  }

  #pathOf(key: string): string {
    assertKey(key);
    return join(this.#root.path, key);
  }

  /**
   * What a look-up found; where it found nothing, the store must be there. The installation file is what
   * tells whether it is.
   */
  async #found<T>(key: string, lookUp: Promise<T>): Promise<T> {
    try {
      const found = await lookUp;
      if (found === undefined && key !== INSTALLATION_KEY) await this.#root.assertThere();
      return found;
    } catch (error) {
      throw this.#root.nameTrouble(error);
    }
  }

  /**
   * Gives `write` a fresh path among the temporary files and the blob's own. When it fails, the temporary
   * file goes, and folders that were made in vain.
   */
  async #stage<T>(key: string, write: (temp: string, path: string) => Promise<T>): Promise<T> {
    const path = this.#pathOf(key);
    const temp = join(this.#root.temp, randomUUID());
    try {
      await (key === INSTALLATION_KEY ? this.#root.make() : this.#root.assertThere());
      if (!this.#hasTemp) await this.#root.makeFolder(this.#root.temp);
      this.#hasTemp = true;
      await this.#temporary?.sweep();
      return await write(temp, path);
    } catch (error) {
      this.#hasTemp = false;
      await unlink(temp).catch(ignoring("ENOENT", "ENOTDIR"));
      // The first error is the one that counts.
      await removeEmptyFolders(dirname(path), this.#root).catch(() => {});
      throw this.#root.nameTrouble(error);
    }
  }
}

/**
 * The bytes of the file at `path`; `undefined` when there is none, or something else: a folder, a symbolic
 * link.
 */
async function openStream(path: string, range: ByteRange | undefined): Promise<Readable | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
    ignoring("ENOENT", "ENOTDIR", "ELOOP"),
  );
  if (handle === undefined) return undefined;
  let stream: Readable | undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile()) return undefined;
    if (found.size > SMALL_BYTES) {
      stream = handle.createReadStream({ highWaterMark: READ_BYTES, ...range });
      return stream;
    }
    const end = Math.min(range?.end ?? found.size, found.size - 1);
    return Readable.from([await readRange(handle, { start: range?.start ?? 0, end })]);
  } finally {
    if (stream === undefined) await handle.close();
  }
}

/** The bytes of the range; none when it ends before it starts. */
async function readRange(handle: FileHandle, { start, end }: ByteRange): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(Math.max(0, end - start + 1));
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
  return bytes.subarray(0, bytesRead);
}

async function statBlob(path: string): Promise<BlobStat | undefined> {
  const found = await lstat(path).catch(ignoring("ENOENT", "ENOTDIR"));
  if (found === undefined || !found.isFile()) return undefined;
  return { sizeBytes: found.size, modifiedAt: Math.trunc(found.mtimeMs) };
}
