/**
 * A blob's key: segments of 1 to 255 letters, digits, ".", "_" and "-", none of them "." or "..", joined by
 * "/".
 */
export const BLOB_KEY = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._-]{1,255}(?:\/[A-Za-z0-9._-]{1,255})*$/;

/**
 * Bytes by key. Keys are as `BLOB_KEY` says, made by Drover and never by a client; an adapter refuses
 * anything else. A blob is immutable: it appears whole or not at all.
 *
 * A store exists once it has its installation file; only a `put` of that file makes one. Whatever writes to a
 * store that does not exist, or finds nothing in it, throws `storage_unavailable`: a disk that is not mounted
 * is no empty store.
 */
export interface BlobStore {
  /**
   * Stores all of `source` under `key`, counting and hashing in the same pass. Durable (fsynced, folder
   * included) when it resolves.
   * @throws `file_too_large` past `maxBytes`, `storage_full` when the device is full, `BlobExistsError` by
   *   `ifAbsent`; nothing is left behind then, nor on abort.
   */
  put(key: string, source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<BlobInfo>;
  /**
   * Takes over a local file, which is gone from its path afterwards: the cheapest way in for what a processor
   * wrote. Durable as `put` is.
   */
  adopt(key: string, path: string): Promise<void>;
  /**
   * The bytes from `range.start` to `range.end`, both included; all of them without a range. `undefined` when
   * no blob has the key.
   */
  open(key: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Size in bytes and time of last change; `undefined` when no blob has the key. */
  stat(key: string): Promise<BlobStat | undefined>;
  /**
   * A local path with the blob's bytes, for reading only: the blob's own file, or a copy below `folder`.
   * `undefined` when no blob has the key.
   */
  localPath(key: string, folder: string): Promise<string | undefined>;
  /**
   * Every key that starts with `prefix`, those of one folder together, in no other order. Blobs that come or
   * go meanwhile may be missed.
   */
  list(prefix: string): AsyncIterable<BlobStat & { readonly key: string }>;
  /** Removes every blob at or below `prefix`, and the empty folders left; silent when there is none. */
  remove(prefix: string): Promise<void>;
  /**
   * Writes, reads and removes a small blob.
   * @throws when the store cannot take work.
   */
  check(): Promise<void>;
}

export interface PutOptions {
  /**
   * Whether the blob survives a power loss once `put` has resolved. With false it does once a later put that
   * names it in `after` has resolved. Default true.
   */
  readonly isDurable?: boolean;
  /**
   * For a blob that replaces a durable one: after a power loss that one may be back in its place, whole. Saves
   * syncing folders. Default false.
   */
  readonly mayRevert?: boolean;
  /** Keys of blobs in the same folder that are durable before this one is there. */
  readonly after?: readonly string[];
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /**
   * Refuses to replace a blob: of several puts under one key, in whichever processes, one resolves. Default
   * false.
   */
  readonly ifAbsent?: boolean;
}

/** A put with `ifAbsent` met a blob under its key. */
export class BlobExistsError extends Error {
  override readonly name = "BlobExistsError";
}

export interface BlobInfo {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface BlobStat {
  readonly sizeBytes: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

/** How large the device is that the blobs lie on, for a store that is on one. */
export interface StorageSpace {
  readonly sizeBytes: number;
  /** What this process may still write. */
  readonly freeBytes: number;
}

/** Both ends included, 0-based. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}
