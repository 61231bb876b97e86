import { randomBytes, randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type BlobStore,
  type Clock,
  DomainError,
  type Log,
  type QueuePorts,
  SettingsError,
} from "@drover/core";
import { Installation } from "@drover/job-files";
import { connectQueue, describeRedis, type LeaseTimes } from "@drover/queue";
import { describeStore, openStore } from "@drover/storage";
import { createChildren } from "./children/children.js";
import { GRACES, type Graces } from "./children/runner.js";
import { systemClock } from "./clock.js";
import { type Config, readConfig } from "./config.js";
import { createLog, rateLimited } from "./log.js";
import { type LoadedProcessor, loadProcessors, ProcessorLoadError } from "./processor-modules.js";
import { listenForEnd } from "./shutdown.js";
import { createStation } from "./stations.js";
import { createStorageWatch } from "./storage-watch.js";
import { reconcileOnce } from "./upkeep/reconcile-once.js";
import { Settler } from "./upkeep/settler.js";
import { measureFileTime, type SweeperDeps, startSweeper } from "./upkeep/sweeper.js";
import { Worker } from "./worker.js";
import { sweepDeadWorkers, WorkerFolder } from "./worker-folder.js";
import { startHealth } from "./worker-health.js";

/** Repeated trouble of one kind is logged once in this time, in ms. */
const REPEATED_TROUBLE_MS = 10_000;
/** Another worker sweeps this long after the one that did was killed, in ms. */
const SWEEPER_LEASE_MS = 15_000;
/** How long a drained worker waits for the manifests of its last jobs, in ms; the sweeper does what is left. */
const SETTLE_MS = 2_000;

const unique = () => randomBytes(5).toString("hex");

/** What the process is made of, whatever it does. */
interface Parts {
  readonly config: Config;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
  readonly queue: QueuePorts;
  readonly blobs: BlobStore;
  readonly installation: Installation;
}

/** What tests shorten; everything else of a worker is a setting. */
export interface Overrides {
  readonly lease?: Partial<LeaseTimes>;
  /** How long a child has to stop before it is killed. */
  readonly graces?: Graces;
}

/** The composition root: the only place that names adapters. `main.js` serves, `main.js reconcile` puts inputs and jobs right once. */
export async function main(overrides: Overrides = {}): Promise<void> {
  const config = readConfig(unique());
  const { settings } = config;
  const log = createLog({ level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
  for (const sentence of config.misspelt) log.warn(sentence);
  const isService = process.argv[2] !== "reconcile";
  const processors = isService ? await loadProcessors(settings.DROVER_PROCESSORS, process.cwd()) : [];
  const { graces, ...lease } = overrides;
  const queue = connectQueue({
    url: settings.REDIS_URL,
    prefix: settings.DROVER_QUEUE_PREFIX,
    log,
    ...lease,
  });
  const blobs = openStore(config.storage, { leftoverGraceMs: settings.DROVER_ORPHAN_GRACE });
  const parts: Parts = {
    config,
    log,
    quietLog: rateLimited(log, REPEATED_TROUBLE_MS, systemClock.monotonicMs),
    queue,
    blobs,
    installation: installationOf(config, { queue, blobs, log }),
  };
  if (isService) return serve(parts, processors, graces);
  const { installation } = parts;
  const isAdopting = process.argv.includes("--adopt");
  await reconcileOnce({ ...sweeperDeps(parts, []), installation, health: queue.health }, isAdopting);
  await queue.close();
  process.exit(0);
}

function installationOf(
  { settings, storage }: Config,
  { queue, blobs, log }: Pick<Parts, "queue" | "blobs" | "log">,
): Installation {
  return new Installation({
    marks: queue.installation,
    store: blobs,
    prefix: settings.DROVER_QUEUE_PREFIX,
    newId: randomUUID,
    clock: systemClock,
    log,
    where: { redis: describeRedis(settings.REDIS_URL), storage: describeStore(storage) },
  });
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
    workerMark: config.folderName,
    keeper: folder,
    graces,
    log,
  });
  const clock = serverTime(queue);
  const settler = new Settler(parts);
  const { settle } = settler;
  const stationDeps = { ...parts, children: support, folder: folder.path, clock, settle };
  const stations = processors.map((loaded) => createStation(stationDeps, loaded));
  const worker = new Worker({ ...workerDeps(parts, processors), stations });
  const closeHealth = await serveHealth(parts, worker);
  const sweeper = startSweeper(sweeperDeps(parts, processors));
  listenForEnd({
    log,
    drainTimeoutMs: config.settings.DROVER_DRAIN_TIMEOUT,
    async stop(deadlineMs) {
      await Promise.all([worker.drain(deadlineMs), sweeper.stop()]);
      parts.installation.stop();
      await settler.drain(SETTLE_MS);
      guardian.close();
      await closeHealth();
      await folder.remove();
      await queue.close();
    },
    exit: (code) => process.exit(code),
  });
  parts.installation.start();
  worker.start();
}

/** This machine's clock, with the wall time of the queue's server. */
function serverTime({ clock }: QueuePorts): Clock {
  return { ...systemClock, now: () => clock.now() };
}

function workerDeps(
  { config, log, quietLog, queue, blobs, installation }: Parts,
  processors: readonly LoadedProcessor[],
) {
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
    storage: createStorageWatch({
      workerId,
      installation,
      apis: queue.apis,
      store: blobs,
      log,
      now: systemClock.now,
    }),
    retry: { baseDelayMs: settings.DROVER_RETRY_BASE_DELAY, maxDelayMs: settings.DROVER_RETRY_MAX_DELAY },
    clock: systemClock,
    log,
    quietLog,
    onReady: () => process.send?.({ type: "ready" }),
  };
}

function sweeperDeps(parts: Parts, processors: readonly LoadedProcessor[]): SweeperDeps {
  const { settings } = parts.config;
  const clock = serverTime(parts.queue);
  return {
    ...parts,
    clock,
    holder: parts.config.workerId,
    leaseMs: SWEEPER_LEASE_MS,
    assertMayErase: () => parts.installation.confirm(),
    measureFileTime: () => measureFileTime(parts.blobs, clock.monotonicMs),
    intervalMs: settings.DROVER_SWEEP_INTERVAL,
    retentionMs: {
      completed: settings.DROVER_RETENTION_COMPLETED,
      failed: settings.DROVER_RETENTION_FAILED,
    },
    orphanGraceMs: settings.DROVER_ORPHAN_GRACE,
    processors: processors.map(({ processor }) => processor.name),
  };
}

/** Answers how to end it. */
async function serveHealth({ config, log }: Parts, worker: Worker): Promise<() => Promise<void>> {
  const port = config.settings.DROVER_WORKER_PORT;
  if (port < 0) return async () => {};
  const host = config.settings.HOST;
  const health = await startHealth({ port, host, state: () => worker.state }).catch((cause: Error) => {
    throw new SettingsError(
      `Cannot listen on ${host} port ${port} (HOST, DROVER_WORKER_PORT): ${cause.message}`,
    );
  });
  log.info("Health endpoints listening", { port: health.port });
  return () => health.close();
}

/**
 * What a person can put right is told in a sentence: with exit code 2 for a wrong setting, 1 for a refusal, such as the wrong Redis.
 * Anything else is told with its stack, and 1.
 */
function endWith(error: unknown): never {
  const isForPerson =
    error instanceof SettingsError ||
    error instanceof DomainError ||
    error instanceof ProcessorLoadError ||
    (error instanceof Error && "syscall" in error); // of the system: a port that is taken, a folder that cannot be made
  const text =
    error instanceof Error ? (isForPerson ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(isForPerson && !(error instanceof DomainError) ? 2 : 1);
}

/** End-to-end tests import this module and start it with shorter times. */
const isStarted =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStarted) main().catch(endWith);
