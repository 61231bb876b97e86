import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BlobStore } from "@drover/core";
import { INSTALLATION_KEY } from "@drover/job-files";
import { expect } from "vitest";
import { chunksOf, readAll } from "../bytes.js";

/** Makes an empty store; `folder` does not exist yet. `close` is called when the test is over. */
export type CreateBlobStore = (folder: string) => Promise<{
  readonly store: BlobStore;
  readonly close?: () => Promise<void>;
}>;

/** What a test of the suite works with. */
export interface BlobBench {
  readonly store: BlobStore;
  /** The test's own, outside the store. */
  readonly folder: string;
}

/** Wraps a test's body so that it gets a bench of its own. */
export type WithBench = (body: (bench: BlobBench) => Promise<void>) => () => Promise<void>;

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
export async function localFile({ folder }: BlobBench, text: string): Promise<string> {
  const path = join(folder, "local.txt");
  await writeFile(path, text);
  return path;
}

/** Asserts that a store has no blob at all. */
export async function expectEmpty(store: BlobStore): Promise<void> {
  expect(await keysOf(store)).toEqual([]);
}
