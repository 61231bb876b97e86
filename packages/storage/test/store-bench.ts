import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobStore } from "@drover/core";
import { INSTALLATION_KEY } from "@drover/job-files";
import { chunksOf, readAll, storeIn } from "@drover/testkit";
import { expect, onTestFinished } from "vitest";

/** What a test of the store works with; gone when the test is over. */
export interface StoreBench {
  readonly store: BlobStore;
  /** The test's own, outside the store, on the same file system. */
  readonly folder: string;
}

/** An empty store for one test. */
export async function storeBench(): Promise<StoreBench> {
  const root = await mkdtemp(join(tmpdir(), "drover-blobs-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const folder = join(root, "own");
  await mkdir(folder);
  return { store: await storeIn(join(root, "store")), folder };
}

/** The text of a blob, `undefined` when there is none. */
export async function textOf(store: BlobStore, key: string): Promise<string | undefined> {
  const stream = await store.open(key);
  return stream && (await readAll(stream)).toString();
}

/** Stores a text. */
export async function putText(store: BlobStore, key: string, text: string): Promise<void> {
  await store.put(key, chunksOf(text));
}

/** Every key of the store below `prefix`, sorted, without the installation file. */
export async function keysOf(store: BlobStore, prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) if (key !== INSTALLATION_KEY) keys.push(key);
  return keys.sort();
}

/** Writes a local file of the test and answers its path. */
export async function localFile({ folder }: StoreBench, text: string): Promise<string> {
  const path = join(folder, "local.txt");
  await writeFile(path, text);
  return path;
}

/** Asserts that a store has no blob at all. */
export async function expectEmpty(store: BlobStore): Promise<void> {
  expect(await keysOf(store)).toEqual([]);
}
