import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Log, SettingsError } from "@drover/core";
import { connectQueue } from "@drover/queue";
import { openStore } from "@drover/storage";
import { systemClock } from "./clock.js";
import { type Config, readConfig } from "./config.js";
import { startHealth } from "./health.js";
import { createLog, rateLimited } from "./log.js";
import { type LoadedProcessor, loadProcessors, ProcessorLoadError } from "./processors.js";
import { createChildren } from "./runner/children.js";
import { listenForEnd } from "./shutdown.js";
import { createStation } from "./stations.js";
import { Worker } from "./worker.js";
import { sweepDeadWorkers, WorkerFolder } from "./worker-folder.js";

/** Repeated trouble of one kind is logged once in this time, in ms. */
const REPEATED_TROUBLE_MS = 10_000;

const unique = () => randomBytes(5).toString("hex");

/** The composition root: the only place that names adapters. */
async function main(): Promise<void> {
  const config = readConfig(unique());
  const { settings } = config;
  const log = createLog({ level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
  for (const name of config.unknown) log.warn("Unknown setting, ignored", { setting: name });
  await serve(config, log, await loadProcessors(settings.DROVER_PROCESSORS, process.cwd()));
}

async function serve(config: Config, log: Log, processors: readonly LoadedProcessor[]): Promise<void> {
  const { settings, workerId } = config;
  const quietLog = rateLimited(log, REPEATED_TROUBLE_MS, systemClock.monotonicMs);
  const queue = connectQueue({ url: settings.REDIS_URL, prefix: settings.DROVER_QUEUE_PREFIX, log });
  const blobs = openStore(config.storage);
  const attemptsFolder = join(config.dataFolder, "attempts");
  const folder = new WorkerFolder(attemptsFolder, workerId);
  await folder.open();
  await sweepDeadWorkers(attemptsFolder, log);
  const { support, guardian } = createChildren({
    environment: config.childEnvironment,
    maxAttempts: settings.DROVER_CHILD_MAX_ATTEMPTS,
    keeper: folder,
  });
  const stationDeps = { children: support, blobs, folder: folder.path, clock: systemClock, log, unique };
  const worker = new Worker({
    info: {
      id: workerId,
      host: hostname(),
      pid: process.pid,
      slots: settings.DROVER_CONCURRENCY,
      processors: processors.map(({ processor }) => processor.name),
      startedAt: systemClock.now(),
    },
    stations: processors.map((loaded) => createStation(stationDeps, loaded)),
    queue,
    retry: { baseDelayMs: settings.DROVER_RETRY_BASE_DELAY, maxDelayMs: settings.DROVER_RETRY_MAX_DELAY },
    clock: systemClock,
    log,
    quietLog,
    onReady: () => process.send?.({ type: "ready" }),
  });
  const health =
    settings.DROVER_WORKER_PORT < 0
      ? undefined
      : await startHealth({ port: settings.DROVER_WORKER_PORT, host: "0.0.0.0", state: () => worker.state });
  if (health !== undefined) log.info("Health endpoints listening", { port: health.port });
  listenForEnd({
    log,
    drainTimeoutMs: settings.DROVER_DRAIN_TIMEOUT,
    async stop(deadlineMs) {
      await worker.drain(deadlineMs);
      guardian.close();
      await health?.close();
      await folder.remove();
      await queue.close();
    },
    exit: (code) => process.exit(code),
  });
  worker.start();
}

/** Errors that name what to put right are told without a stack. */
function explain(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  if (!(error instanceof ProcessorLoadError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  return error.cause instanceof Error ? `${error.message}\n${error.cause.stack}` : error.message;
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
});
