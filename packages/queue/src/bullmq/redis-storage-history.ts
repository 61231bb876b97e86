import { STORAGE_SAMPLES_KEPT_MS, type StorageHistory, type StorageSample, spanOf } from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

/** Samples in a sorted set by the begin of their spans, as `<span> <at> <size> <free>`; at most 151 of them. */
export function redisStorageHistory(deps: {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
}): StorageHistory {
  const { link, keys, now } = deps;
  return {
    async note({ sizeBytes, freeBytes }) {
      const at = now();
      const span = spanOf(at);
      const key = keys.storageSamples;
      await link.use((client) =>
        client
          .multi()
          .zremrangebyscore(key, span, "+inf")
          .zadd(key, span, `${span} ${at} ${sizeBytes} ${freeBytes}`)
          .zremrangebyscore(key, "-inf", `(${at - STORAGE_SAMPLES_KEPT_MS}`)
          .pexpire(key, STORAGE_SAMPLES_KEPT_MS)
          .exec(),
      );
    },
    async read(since) {
      const found = await link.use((client) =>
        client.zrangebyscore(keys.storageSamples, spanOf(since), "+inf"),
      );
      return found.flatMap(decodeSample);
    },
  };
}

/** The sample; none in what another version wrote. */
function decodeSample(text: string): readonly StorageSample[] {
  const numbers = text.split(" ").map(Number);
  const [, at = 0, sizeBytes = 0, freeBytes = 0] = numbers;
  return numbers.length === 4 && numbers.every(Number.isFinite) ? [{ at, sizeBytes, freeBytes }] : [];
}
