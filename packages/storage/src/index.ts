import { statfs } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type BlobStore, SettingsError, type StorageSpace } from "@drover/core";
import { createDiskStore, type DiskStoreOptions } from "./disk.js";

export { createDiskStore, type DiskStoreOptions } from "./disk.js";

/**
 * The store that a setting names: `file:<folder>`, the folder relative to the working directory or absolute,
 * also as a `file://` URL. Touches nothing until the store is used.
 * @param options.leftoverGraceMs as a disk store takes it.
 * @throws `SettingsError` for anything else, without what may be a secret in it.
 */
export function openStore(spec: string, options: Pick<DiskStoreOptions, "leftoverGraceMs"> = {}): BlobStore {
  const folder = storeFolder(spec);
  if (folder !== undefined) return createDiskStore({ folder, ...options });
  // The scheme only: the rest of an address can hold a secret.
  const scheme = /^[a-z0-9+.-]*:?/i.exec(spec)?.[0].slice(0, 20);
  throw new SettingsError(
    `DROVER_STORAGE: expected file:<folder>, as file:/var/lib/drover/blobs; got "${scheme}…".`,
  );
}

/** The folder of a store that a setting names; `undefined` for one that is elsewhere. */
export function storeFolder(spec: string): string | undefined {
  if (spec.startsWith("file://")) return fileURLToPath(spec);
  return /^file:(.+)$/s.exec(spec)?.[1];
}

/**
 * How large the device of a store is that a setting names, and how much of it is free.
 * @throws the system's error when the folder is not there.
 */
export async function spaceOf(spec: string): Promise<StorageSpace> {
  const folder = spec.startsWith("file://") ? fileURLToPath(spec) : spec.slice("file:".length);
  const { bsize, blocks, bavail } = await statfs(folder);
  return { sizeBytes: blocks * bsize, freeBytes: bavail * bsize };
}

/** Which store a setting names, for the log: user, password and query of an address are left out. */
export function describeStore(spec: string): string {
  return spec.replace(/\/\/[^/@]*@/, "//").replace(/\?.*$/s, "");
}
