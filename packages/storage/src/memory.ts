import { randomUUID } from "node:crypto";
import { lstat, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  BlobExistsError,
  type BlobInfo,
  type BlobStat,
  type BlobStore,
  type ByteRange,
  type PutOptions,
} from "@drover/core";
import { abortable } from "./abortable.js";
import { assertKey, assertRange, folderKey, listingOf } from "./keys.js";
import { meter } from "./meter.js";

const CHUNK_BYTES = 64 * 1024;

interface Blob {
  readonly bytes: Buffer;
  readonly modifiedAt: number;
}

/** Blobs in this process's memory, gone with it: for tests. It is there without an installation file, unlike a store on a disk. */
export function createMemoryStore(): BlobStore {
  return new MemoryStore();
}

class MemoryStore implements BlobStore {
  readonly #blobs = new Map<string, Blob>();

  async put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<BlobInfo> {
    assertKey(key);
    const { signal } = options;
    const counted = meter(options);
    const chunks: Uint8Array[] = [];
    const bytes = signal === undefined ? source : abortable(source, signal);
    for await (const chunk of counted.through(bytes)) chunks.push(chunk);
    signal?.throwIfAborted();
    if (options.ifAbsent === true && this.#blobs.has(key))
      throw new BlobExistsError("A blob has this key already.");
    this.#blobs.set(key, { bytes: Buffer.concat(chunks), modifiedAt: Date.now() });
    return counted.total();
  }

  async adopt(key: string, path: string): Promise<void> {
    assertKey(key);
    if (!(await lstat(path)).isFile()) throw new TypeError(`Only a plain file can be adopted as ${key}.`);
    this.#blobs.set(key, { bytes: await readFile(path), modifiedAt: Date.now() });
    await unlink(path);
  }

  async open(key: string, range?: ByteRange): Promise<Readable | undefined> {
    assertKey(key);
    if (range !== undefined) assertRange(range);
    const blob = this.#blobs.get(key);
    if (blob === undefined) return undefined;
    const bytes = range === undefined ? blob.bytes : blob.bytes.subarray(range.start, range.end + 1);
    return Readable.from(slices(bytes), { objectMode: false });
  }

  async stat(key: string): Promise<BlobStat | undefined> {
    assertKey(key);
    const blob = this.#blobs.get(key);
    return blob && statOf(blob);
  }

  async localPath(key: string, folder: string): Promise<string | undefined> {
    assertKey(key);
    const blob = this.#blobs.get(key);
    if (blob === undefined) return undefined;
    const path = join(folder, randomUUID());
    await mkdir(folder, { recursive: true });
    await writeFile(path, blob.bytes);
    return path;
  }

  async *list(prefix: string): AsyncGenerator<BlobStat & { readonly key: string }> {
    const { start } = listingOf(prefix);
    const all = [...this.#blobs].sort(([a], [b]) => (a < b ? -1 : 1)); // those of one folder together
    for (const [key, blob] of all) if (key.startsWith(start)) yield { key, ...statOf(blob) };
  }

  async remove(prefix: string): Promise<void> {
    const folder = folderKey(prefix);
    for (const key of this.#blobs.keys()) {
      if (key === folder || key.startsWith(`${folder}/`)) this.#blobs.delete(key);
    }
  }

  async check(): Promise<void> {}
}

function statOf(blob: Blob): BlobStat {
  return { sizeBytes: blob.bytes.byteLength, modifiedAt: blob.modifiedAt };
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}
