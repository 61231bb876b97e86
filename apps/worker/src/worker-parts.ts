import { hostname } from "node:os";
import type { BlobStore, Clock, EventBus, Log, QueuePorts } from "@drover/core";
import { type Installation, readFileTime } from "@drover/job-files";
import { receiverPolicyOf, tenantLimitsOf } from "@drover/settings";
import type { StartImportDeps } from "./job-import/import-once.js";
import type { LoadedProcessor } from "./processor-modules.js";
import { createStorageWatch } from "./storage-watch.js";
import { systemClock } from "./timers.js";
import type { SweeperDeps } from "./upkeep/sweeper.js";
import type { WebhooksDeps } from "./webhooks/start-webhooks.js";
import type { WorkerDeps } from "./worker.js";
import type { Config } from "./worker-config.js";

/** Another worker sweeps this long after the one that did was killed, in ms. */
const SWEEPER_LEASE_MS = 15_000;

/** What the process is made of, whether it serves or reconciles. */
export interface Parts {
  readonly config: Config;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
  readonly queue: QueuePorts;
  readonly events: EventBus;
  readonly blobs: BlobStore;
  readonly installation: Installation;
}

/** This machine's clock, with the wall time of the queue's server. */
export function serverTime({ clock }: QueuePorts): Clock {
  return { ...systemClock, now: () => clock.now() };
}

/** What the worker itself is made of, but for what it serves. */
export function workerDeps(
  { config, log, quietLog, queue, blobs, installation }: Parts,
  processors: readonly LoadedProcessor[],
): Omit<WorkerDeps, "served" | "onDrainAsked"> {
  const { settings, workerId } = config;
  return {
    info: {
      id: workerId,
      host: hostname(),
      pid: process.pid,
      slots: settings.DROVER_CONCURRENCY,
      processors: processors.map(({ processor }) => processor.name),
      startedAt: systemClock.now(),
      version: config.version,
    },
    queue,
    storage: createStorageWatch({
      workerId,
      installation,
      apis: queue.apis,
      store: blobs,
      log,
      now: systemClock.now,
    }),
    runningJobs: tenantLimitsOf(settings).runningJobs,
    retry: { baseDelayMs: settings.DROVER_RETRY_BASE_DELAY, maxDelayMs: settings.DROVER_RETRY_MAX_DELAY },
    clock: systemClock,
    log,
    quietLog,
    onReady: () => process.send?.({ type: "ready" }),
  };
}

/** What the sweeper, or a command that reconciles, is made of. */
export function sweeperDeps(parts: Parts, processors: readonly LoadedProcessor[]): SweeperDeps {
  const { settings } = parts.config;
  const clock = serverTime(parts.queue);
  return {
    ...parts,
    clock,
    holder: parts.config.workerId,
    leaseMs: SWEEPER_LEASE_MS,
    assertMayErase: () => parts.installation.confirm(),
    readFileTime: () => readFileTime(parts.blobs),
    intervalMs: settings.DROVER_SWEEP_INTERVAL,
    retentionMs: {
      completed: settings.DROVER_RETENTION_COMPLETED,
      failed: settings.DROVER_RETENTION_FAILED,
    },
    orphanGraceMs: settings.DROVER_ORPHAN_GRACE,
    processors: [...processors.map(({ processor }) => processor.name), settings.DROVER_IMPORT_PROCESSOR],
  };
}

/** What an import of existing job files is made of. */
export function importDeps(parts: Parts): StartImportDeps {
  const { DROVER_IMPORT_PROCESSOR: processor, DROVER_IMPORT_TENANT: tenant } = parts.config.settings;
  const { health } = parts.queue;
  return { ...parts, health, processor, tenant, processors: [processor], clock: serverTime(parts.queue) };
}

/** What webhooks are made of. */
export function webhooksDeps(parts: Parts, processors: readonly LoadedProcessor[]): WebhooksDeps {
  const { config, queue, installation } = parts;
  return {
    ...{ ...parts, clock: serverTime(queue), workerId: config.workerId },
    processors: processors.map(({ processor }) => processor.name),
    receivers: { policy: receiverPolicyOf(config.settings) },
    assertMayRun: () => installation.confirm(),
  };
}
