import type { Alert } from "@drover/contract";
import {
  COUNTED_SPAN_MS,
  type EndedJobs,
  type QueueFigures,
  type QueueServer,
  type StorageSample,
} from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";

/** As `deploy/prometheus/alerts.yml` has them. */
const OLDEST_WAITING_MS = 600_000;
const FAILED_SHARE = 0.2;
const FAILED_OF_AT_LEAST = 10;
const FREE_SHARE = 0.1;
const MEMORY_SHARE = 0.7;
const SWEPT_MS = 30 * 60_000;

export const listAlerts: Handler<"listAlerts"> = async (_input, deps) => {
  const now = deps.now();
  const names = (await deps.processors.list()).map(({ name }) => name);
  const [server, samples, ...processors] = await Promise.all([
    deps.queue.health.inspect(),
    deps.queue.storageHistory.read(now - 24 * 3_600_000),
    ...names.map((name) => lookAt(name, now, deps)),
  ]);
  const alerts = [
    ...processors.flatMap(alertsOfProcessor),
    ...alertsOfServer(server),
    ...alertsOfStorage(samples.at(-1), now),
  ];
  return ok({ alerts: alerts.toSorted(criticalFirst) }, { "Cache-Control": "no-store" });
};

/** What is looked at of one processor. */
export interface ProcessorLook {
  readonly processor: string;
  readonly figures: Pick<QueueFigures, "waiting" | "prioritized" | "oldestWaitingMs">;
  readonly workers: number;
  /** What ended lately. */
  readonly ended: Pick<EndedJobs, "completed" | "failures">;
}

async function lookAt(processor: string, now: number, { queue, processors }: Deps): Promise<ProcessorLook> {
  const [figures, ended] = await Promise.all([
    queue.health.figures(processor),
    queue.statistics.read(processor, now - COUNTED_SPAN_MS),
  ]);
  return { processor, figures, ended, workers: processors.workersOf(processor)?.length ?? 0 };
}

/** What is wrong with a processor. */
export function alertsOfProcessor({ processor, figures, workers, ended }: ProcessorLook): readonly Alert[] {
  const waiting = figures.waiting + figures.prioritized;
  const failed = Object.entries(ended.failures)
    .filter(([code]) => code !== "input_invalid")
    .reduce((sum, [, count]) => sum + count, 0);
  const all = ended.completed + Object.values(ended.failures).reduce((sum, count) => sum + count, 0);
  return [
    ...when(figures.oldestWaitingMs > OLDEST_WAITING_MS, {
      ...{ alert: "oldest_waiting", severity: "warning", processor, value: figures.oldestWaitingMs },
    }),
    ...when(workers === 0 && waiting > 0, {
      ...{ alert: "no_worker", severity: "critical", processor, value: waiting },
    }),
    ...when(all >= FAILED_OF_AT_LEAST && failed / all > FAILED_SHARE, {
      ...{ alert: "failure_rate", severity: "warning", processor, value: failed / all },
    }),
  ];
}

/** What is wrong with Redis. */
export function alertsOfServer(
  server: Pick<QueueServer, "durability" | "usedMemoryBytes" | "maxMemoryBytes">,
): readonly Alert[] {
  const { durability, usedMemoryBytes, maxMemoryBytes } = server;
  const share = maxMemoryBytes === 0 ? 0 : usedMemoryBytes / maxMemoryBytes;
  return [
    ...when(durability === "none" || durability === "snapshots", {
      ...{ alert: "redis_not_durable", severity: "critical", processor: null, value: null },
    }),
    ...when(share > MEMORY_SHARE, {
      ...{ alert: "redis_memory", severity: "warning", processor: null, value: share },
    }),
  ];
}

/**
 * What is wrong with the storage, and with who looks after it.
 * @param newest the latest look, `undefined` when there was none in a day.
 * @param now ms since the epoch.
 */
export function alertsOfStorage(newest: StorageSample | undefined, now: number): readonly Alert[] {
  if (newest === undefined) return []; // no worker has swept yet
  const share = newest.freeBytes / Math.max(1, newest.sizeBytes);
  return [
    ...when(share < FREE_SHARE, {
      ...{ alert: "storage_full", severity: "critical", processor: null, value: share },
    }),
    ...when(now - newest.at > SWEPT_MS, {
      ...{ alert: "not_sweeping", severity: "warning", processor: null, value: now - newest.at },
    }),
  ];
}

function when(holds: boolean, alert: Alert): readonly Alert[] {
  return holds ? [alert] : [];
}

function criticalFirst(a: Alert, b: Alert): number {
  return Number(b.severity === "critical") - Number(a.severity === "critical");
}
