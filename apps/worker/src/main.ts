import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BlobStore, DomainError, type Log, type QueuePorts, SettingsError } from "@drover/core";
import { connectQueue, type LeaseTimes } from "@drover/queue";
import { openStore } from "@drover/storage";
import { systemClock } from "./clock.js";
import { type Config, readConfig } from "./config.js";
import { Confirmed } from "./confirmed.js";
import { startHealth } from "./health.js";
import { createLog, rateLimited } from "./log.js";
import { type LoadedProcessor, loadProcessors, ProcessorLoadError } from "./processors.js";
import { reconcileOnce } from "./reconcile-once.js";
import { createChildren } from "./runner/children.js";
import { GRACES, type Graces } from "./runner/runner.js";
import { listenForEnd } from "./shutdown.js";
import { createStation } from "./stations.js";
import { RECHECK_MS, type SweeperDeps, startSweeper } from "./sweeper.js";
import { Worker } from "./worker.js";
import { sweepDeadWorkers, WorkerFolder } from "./worker-folder.js";

/** Repeated trouble of one kind is logged once in this time, in ms. */
const REPEATED_TROUBLE_MS = 10_000;

const unique = () => randomBytes(5).toString("hex");

/** What the process is made of, whatever it does. */
interface Parts {
  readonly config: Config;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
  readonly queue: QueuePorts;
  readonly blobs: BlobStore;
}

/** What tests shorten; everything else of a worker is a setting. */
export interface Overrides {
  readonly lease?: LeaseTimes;
  /** How long a child has to stop before it is killed. */
  readonly graces?: Graces;
}

/** The composition root: the only place that names adapters. `main.js` serves, `main.js reconcile` puts inputs and jobs right once. */
export async function main(overrides: Overrides = {}): Promise<void> {
  const config = readConfig(unique());
  const { settings } = config;
  const log = createLog({ level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
  for (const name of config.unknown) log.warn("Unknown setting, ignored", { setting: name });
  const isService = process.argv[2] !== "reconcile";
  const processors = isService ? await loadProcessors(settings.DROVER_PROCESSORS, process.cwd()) : [];
  const { graces, ...lease } = overrides;
  const parts: Parts = {
    config,
    log,
    quietLog: rateLimited(log, REPEATED_TROUBLE_MS, systemClock.monotonicMs),
    queue: connectQueue({ url: settings.REDIS_URL, prefix: settings.DROVER_QUEUE_PREFIX, log, ...lease }),
    blobs: openStore(config.storage),
  };
  if (isService) return serve(parts, processors, graces);
  await reconcileOnce({ ...sweeperDeps(parts, []), health: parts.queue.health });
  await parts.queue.close();
  process.exit(0);
}

async function serve(parts: Parts, processors: readonly LoadedProcessor[], graces = GRACES): Promise<void> {
  const { config, log, queue } = parts;
  const attemptsFolder = join(config.dataFolder, "attempts");
  const folder = new WorkerFolder(attemptsFolder, config.folderName);
  await folder.open();
  await sweepDeadWorkers(attemptsFolder, log);
  const { support, guardian } = createChildren({
    environment: config.childEnvironment,
    maxAttempts: config.settings.DROVER_CHILD_MAX_ATTEMPTS,
    keeper: folder,
    graces,
    log,
  });
  const stationDeps = { ...parts, children: support, folder: folder.path, clock: systemClock, unique };
  const stations = processors.map((loaded) => createStation(stationDeps, loaded));
  const worker = new Worker({ ...workerDeps(parts, processors), stations });
  const closeHealth = await serveHealth(parts, worker);
  const sweeper = startSweeper(sweeperDeps(parts, processors));
  listenForEnd({
    log,
    drainTimeoutMs: config.settings.DROVER_DRAIN_TIMEOUT,
    async stop(deadlineMs) {
      await Promise.all([worker.drain(deadlineMs), sweeper.stop()]);
      guardian.close();
      await closeHealth();
      await folder.remove();
      await queue.close();
    },
    exit: (code) => process.exit(code),
  });
  worker.start();
}

function workerDeps({ config, log, quietLog, queue }: Parts, processors: readonly LoadedProcessor[]) {
  const { settings, workerId } = config;
  return {
    info: {
      id: workerId,
      host: hostname(),
      pid: process.pid,
      slots: settings.DROVER_CONCURRENCY,
      processors: processors.map(({ processor }) => processor.name),
      startedAt: systemClock.now(),
    },
    queue,
    retry: { baseDelayMs: settings.DROVER_RETRY_BASE_DELAY, maxDelayMs: settings.DROVER_RETRY_MAX_DELAY },
    clock: systemClock,
    log,
    quietLog,
    onReady: () => process.send?.({ type: "ready" }),
  };
}

function sweeperDeps(parts: Parts, processors: readonly LoadedProcessor[]): SweeperDeps {
  const { settings } = parts.config;
  const orphanGraceMs = settings.DROVER_ORPHAN_GRACE;
  return {
    ...parts,
    clock: systemClock,
    random: Math.random,
    intervalMs: settings.DROVER_SWEEP_INTERVAL,
    retentionMs: {
      completed: settings.DROVER_RETENTION_COMPLETED,
      failed: settings.DROVER_RETENTION_FAILED,
    },
    orphanGraceMs,
    processors: processors.map(({ processor }) => processor.name),
    confirmed: new Confirmed(Math.min(RECHECK_MS, orphanGraceMs), systemClock.monotonicMs),
  };
}

/** Answers how to end it. */
async function serveHealth({ config, log }: Parts, worker: Worker): Promise<() => Promise<void>> {
  const port = config.settings.DROVER_WORKER_PORT;
  if (port < 0) return async () => {};
  const health = await startHealth({ port, host: config.settings.HOST, state: () => worker.state });
  log.info("Health endpoints listening", { port: health.port });
  return () => health.close();
}

/** Errors that name what to put right are told without a stack. */
function explain(error: unknown): string {
  if (error instanceof SettingsError || error instanceof DomainError) return error.message;
  if (!(error instanceof ProcessorLoadError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  return error.cause instanceof Error ? `${error.message}\n${error.cause.stack}` : error.message;
}

/** End-to-end tests import this module and start it with shorter times. */
const isStarted =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStarted)
  main().catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  });
