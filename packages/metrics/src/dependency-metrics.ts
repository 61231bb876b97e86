import type { QueueHealth, StorageSpace } from "@drover/core";
import type { MetricRegistry } from "./metric-registry.js";
import { Reading } from "./reading.js";

/** How long an answer about Redis or the storage stands, in ms. */
const REDIS_FRESH_MS = 1_000;
const SPACE_FRESH_MS = 10_000;

export interface Dependencies {
  readonly health: Pick<QueueHealth, "ping">;
  /** How large the device of the storage is. */
  readonly space: () => Promise<StorageSpace>;
}

/** Has a process show how what it depends on does: whether Redis answers it, and how full the storage is. */
export function watchDependencies(registry: MetricRegistry, { health, space }: Dependencies): void {
  registry.read(
    new Reading({
      freshMs: REDIS_FRESH_MS,
      read: async () => {
        await health.ping();
        return true;
      },
      show: (isUp = false) => registry.set("drover_redis_up", [], Number(isUp)),
    }),
  );
  registry.read(
    new Reading({
      freshMs: SPACE_FRESH_MS,
      read: space,
      show(found) {
        registry.clear("drover_storage_size_bytes", "drover_storage_free_bytes");
        if (found === undefined) return;
        registry.set("drover_storage_size_bytes", [], found.sizeBytes);
        registry.set("drover_storage_free_bytes", [], found.freeBytes);
      },
    }),
  );
}
