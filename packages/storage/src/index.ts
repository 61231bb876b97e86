import { fileURLToPath } from "node:url";
import { type BlobStore, SettingsError } from "@drover/core";
import { createDiskStore, type DiskStoreOptions } from "./disk.js";

export { createDiskStore, type DiskStoreOptions } from "./disk.js";

/**
 * The store that a setting names: `file:<folder>`, the folder relative to the working directory or absolute,
 * also as a `file://` URL. Touches nothing until the store is used.
 * @param options.leftoverGraceMs as a disk store takes it.
 * @throws `SettingsError` for anything else, without what may be a secret in it.
 */
export function openStore(spec: string, options: Pick<DiskStoreOptions, "leftoverGraceMs"> = {}): BlobStore {
  if (spec.startsWith("file://")) return createDiskStore({ folder: fileURLToPath(spec), ...options });
  const folder = /^file:(.+)$/s.exec(spec)?.[1];
  if (folder !== undefined) return createDiskStore({ folder, ...options });
  // The scheme only: the rest of an address can hold a secret.
  const scheme = /^[a-z0-9+.-]*:?/i.exec(spec)?.[0].slice(0, 20);
  throw new SettingsError(
    `DROVER_STORAGE: expected file:<folder>, as file:/var/lib/drover/blobs; got "${scheme}…".`,
  );
}

/** Which store a setting names, for the log: user, password and query of an address are left out. */
export function describeStore(spec: string): string {
  return spec.replace(/\/\/[^/@]*@/, "//").replace(/\?.*$/s, "");
}
