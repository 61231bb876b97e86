import type { StorageSpace } from "./blobs.js";

/** How full the storage was at a moment. */
export interface StorageSample extends StorageSpace {
  /** ms since the epoch. */
  readonly at: number;
}

/** How long a sample is kept, in ms. */
export const STORAGE_SAMPLES_KEPT_MS = 25 * 3_600_000;

/**
 * How full the storage was in the last day, as whoever sweeps saw it after each sweep: so the newest sample also
 * tells when that was. One sample for each span of `COUNTED_SPAN_MS`, its newest.
 */
export interface StorageHistory {
  note(space: StorageSpace): Promise<void>;
  /** Oldest first, from `since` on, in ms since the epoch. */
  read(since: number): Promise<readonly StorageSample[]>;
}
