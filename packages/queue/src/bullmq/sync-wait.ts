import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "@drover/core";
import type { Redis } from "ioredis";
import { patientConnection } from "../redis-connections.js";

/** Longest wait for one answer of WAITAOF, in ms. */
const WAITAOF_MS = 2_000;

/**
 * Waits until what was written has surely outlived a crash of the server: by WAITAOF where the server has it
 * (Redis 7.2 with an append-only file), else for a time that is longer than the server takes between two
 * syncs. WAITAOF blocks its connection, so it has one of its own, made when first needed. Ends with `close`.
 */
export class SyncWait {
  readonly #options: {
    readonly url: string;
    readonly key: string;
    readonly log: Log;
    readonly delayMs: number;
  };
  #connection: Redis | undefined;
  /** Whether the server takes WAITAOF. */
  #isSupported = true;

  constructor(options: { url: string; key: string; log: Log; delayMs: number }) {
    this.#options = options;
  }

  /** Rejects with the signal's reason when it aborts. */
  readonly synced = async (signal: AbortSignal): Promise<void> => {
    const startedAt = performance.now();
    const left = () => Math.max(0, this.#options.delayMs - (performance.now() - startedAt));
    while (this.#isSupported && left() > 0) {
      signal.throwIfAborted();
      if (await Promise.race([this.#isSynced(), sleep(left(), false, { ref: false })])) return;
    }
    await sleep(left(), undefined, { signal, ref: false });
  };

  close(): void {
    this.#connection?.disconnect();
  }

  async #isSynced(): Promise<boolean> {
    const { url, key, log } = this.#options;
    this.#connection ??= patientConnection(url, log, { purpose: "syncs" });
    try {
      // WAITAOF waits for the writes of its own connection; all others came before this one.
      await this.#connection.set(key, "1");
      const answer = await this.#connection.call("WAITAOF", 1, 0, WAITAOF_MS);
      return Array.isArray(answer) && Number(answer[0]) >= 1;
    } catch {
      // An older server, one without an append-only file, or this connection was closed.
      this.#isSupported = false;
      return false;
    }
  }
}
