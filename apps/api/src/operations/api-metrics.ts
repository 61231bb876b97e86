import type { EventBus, QueueFigures, QueueHealth, QueueServer } from "@drover/core";
import {
  countApiEvents,
  type Dependencies,
  MetricRegistry,
  Reading,
  watchDependencies,
  watchProcess,
} from "@drover/metrics";
import type { ProcessorDirectory } from "../processors/processor-directory.js";
import { isDurable } from "./health.js";

export interface ApiMetricsOptions extends Dependencies {
  readonly events: EventBus;
  readonly health: QueueHealth;
  readonly processors: Pick<ProcessorDirectory, "list" | "workersOf">;
  readonly version: string;
}

/** The metrics of an api, and what ends the watch of its event loop. */
export interface ApiMetrics {
  readonly registry: MetricRegistry;
  close(): void;
}

/** How long figures of the queue and its server stand, in ms. */
const FRESH_MS = 1_000;
/** Processors whose jobs are shown; those of a higher name are not. */
const MAX_PROCESSORS = 200;

/**
 * Returns the metrics of an api: what its events say from now on, and what is asked of Redis and the storage
 * with each scrape. Families and labels are in the table of `@drover/metrics`.
 */
export function createApiMetrics(options: ApiMetricsOptions): ApiMetrics {
  const { events, health, version } = options;
  const registry = new MetricRegistry("api");
  countApiEvents(registry, events);
  watchDependencies(registry, options);
  registry.read(
    new Reading({
      freshMs: FRESH_MS,
      read: () => readQueues(options),
      show: (queues = []) => showQueues(registry, queues),
    }),
  );
  registry.read(
    new Reading({
      freshMs: FRESH_MS,
      read: () => health.inspect(),
      show: (server) => showServer(registry, server),
    }),
  );
  return { registry, close: watchProcess(registry, { process: "api", version }) };
}

/** The queue of one processor. */
interface QueueReading {
  readonly processor: string;
  readonly figures: QueueFigures;
  readonly workers: number;
  readonly slots: number;
}

async function readQueues({ processors, health }: ApiMetricsOptions): Promise<readonly QueueReading[]> {
  const known = await processors.list();
  return Promise.all(
    known.slice(0, MAX_PROCESSORS).map(async ({ name }) => {
      const workers = processors.workersOf(name) ?? [];
      return {
        processor: name,
        figures: await health.figures(name),
        workers: workers.length,
        slots: workers.reduce((sum, worker) => sum + worker.slots, 0),
      };
    }),
  );
}

function showQueues(registry: MetricRegistry, queues: readonly QueueReading[]): void {
  registry.clear("drover_jobs", "drover_oldest_waiting_seconds", "drover_workers", "drover_slots");
  for (const { processor, figures, workers, slots } of queues) {
    const { waiting, prioritized, delayed, active, completed, failed } = figures;
    const states = { waiting: waiting + prioritized, delayed, active, completed, failed };
    for (const [state, count] of Object.entries(states))
      registry.set("drover_jobs", [processor, state], count);
    registry.set("drover_oldest_waiting_seconds", [processor], figures.oldestWaitingMs / 1_000);
    registry.set("drover_workers", [processor], workers);
    registry.set("drover_slots", [processor], slots);
  }
}

function showServer(registry: MetricRegistry, server: QueueServer | undefined): void {
  registry.clear("drover_redis_durable", "drover_redis_used_memory_bytes", "drover_redis_max_memory_bytes");
  if (server === undefined) return;
  const { durability, usedMemoryBytes, maxMemoryBytes } = server;
  if (durability !== "unknown") {
    registry.set("drover_redis_durable", [], Number(isDurable(server)));
  }
  registry.set("drover_redis_used_memory_bytes", [], usedMemoryBytes);
  registry.set("drover_redis_max_memory_bytes", [], maxMemoryBytes);
}
