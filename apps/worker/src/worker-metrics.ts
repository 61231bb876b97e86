import type { EventBus } from "@drover/core";
import {
  countWorkerEvents,
  type Dependencies,
  MetricRegistry,
  Reading,
  watchDependencies,
  watchProcess,
} from "@drover/metrics";
import type { Runner } from "./children/runner.js";
import { memoryReader } from "./resident-memory.js";
import type { Worker } from "./worker.js";

export interface WorkerMetricsOptions extends Dependencies {
  readonly events: EventBus;
  readonly worker: Pick<Worker, "state" | "runningOf">;
  /** By the name of their processor. */
  readonly runners: ReadonlyMap<string, Pick<Runner, "children">>;
  readonly version: string;
}

/** The metrics of a worker, and what ends the watch of its event loop. */
export interface WorkerMetrics {
  readonly registry: MetricRegistry;
  close(): void;
}

/**
 * Returns the metrics of a worker: what its events say from now on, and what is asked of it, of Redis and of
 * the storage with each scrape. Families and labels are in the table of `@drover/metrics`.
 */
export function createWorkerMetrics(options: WorkerMetricsOptions): WorkerMetrics {
  const { events, runners, version } = options;
  const registry = new MetricRegistry("worker");
  countWorkerEvents(registry, events, [...runners.keys()]);
  watchDependencies(registry, options);
  watchWorker(registry, options);
  registry.read(
    new Reading({
      freshMs: CHILDREN_FRESH_MS,
      read: () => readChildren(runners),
      show: (children = []) => showChildren(registry, children),
    }),
  );
  return { registry, close: watchProcess(registry, { process: "worker", version }) };
}

/** How long a reading of the children's memory stands, in ms. */
const CHILDREN_FRESH_MS = 1_000;

function watchWorker(registry: MetricRegistry, { worker }: Pick<WorkerMetricsOptions, "worker">): void {
  registry.read(
    new Reading({
      freshMs: 0,
      read: async () => ({ isReady: worker.state === "ready", running: worker.runningOf }),
      show(now) {
        if (now === undefined) return;
        registry.set("drover_worker_ready", [], Number(now.isReady));
        for (const [processor, count] of now.running)
          registry.set("drover_attempts_running", [processor], count);
      },
    }),
  );
}

/** The children of one processor. */
interface ChildrenReading {
  readonly processor: string;
  readonly busy: number;
  readonly idle: number;
  readonly residentBytes: number;
}

async function readChildren(runners: WorkerMetricsOptions["runners"]): Promise<readonly ChildrenReading[]> {
  const bytesOf = await memoryReader();
  return [...runners].map(([processor, { children }]) => ({
    processor,
    busy: children.filter(({ isBusy }) => isBusy).length,
    idle: children.filter(({ isBusy }) => !isBusy).length,
    residentBytes: children.reduce((sum, { pid }) => sum + bytesOf(pid), 0),
  }));
}

function showChildren(registry: MetricRegistry, readings: readonly ChildrenReading[]): void {
  registry.clear("drover_children", "drover_children_resident_memory_bytes");
  for (const { processor, busy, idle, residentBytes } of readings) {
    registry.set("drover_children", [processor, "busy"], busy);
    registry.set("drover_children", [processor, "idle"], idle);
    registry.set("drover_children_resident_memory_bytes", [processor], residentBytes);
  }
}
