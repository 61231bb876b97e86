import type { BlobStore } from "@drover/core";
import { CANARIES } from "./blob-keys.js";
import { putText } from "./blob-text.js";

/** How often a live process writes its canary again, in ms, and how old one is removed. */
const REFRESH_MS = 3_600_000;
const OLD_MS = 3 * 24 * 3_600_000;
/** Most processes that are remembered as seen. */
const CAPACITY = 10_000;

function canaryKey(processId: string): string {
  return `${CANARIES}${processId}`;
}

/**
 * Small blobs by which processes learn whether they share a store. Equal installation ids alone do not say
 * so: a copied folder has the same one. Each process keeps a canary under its own name, and looks for those
 * of others in its own store.
 */
export class Canaries {
  readonly #store: Pick<BlobStore, "put" | "stat" | "list" | "remove">;
  readonly #seen = new Set<string>();
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(store: Pick<BlobStore, "put" | "stat" | "list" | "remove">) {
    this.#store = store;
  }

  /**
   * Makes sure that the process's own canary is there, and not old; removes, once an hour, those of processes
   * that ended days ago.
   * @param now ms since the epoch.
   */
  async keep(processId: string, now: number): Promise<void> {
    const isDue = now - this.#refreshedAt > REFRESH_MS;
    if (!isDue && (await this.#store.stat(canaryKey(processId))) !== undefined) return;
    await putText(canaryKey(processId), processId, this.#store);
    this.#refreshedAt = now;
    for await (const { key, modifiedAt } of this.#store.list(CANARIES)) {
      if (now - modifiedAt > OLD_MS) await this.#store.remove(key);
    }
  }

  /** Whether the canary of another process is in this store. Looked up until it was seen once. */
  async sees(processId: string): Promise<boolean> {
    if (this.#seen.has(processId)) return true;
    if ((await this.#store.stat(canaryKey(processId))) === undefined) return false;
    if (this.#seen.size >= CAPACITY) this.#seen.clear();
    this.#seen.add(processId);
    return true;
  }
}
