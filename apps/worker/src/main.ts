import { randomBytes, randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BlobStore, type Clock, type Log, type QueuePorts, SettingsError } from "@drover/core";
import { Installation, readFileTime } from "@drover/job-files";
import { createLog, rateLimited } from "@drover/log";
import { connectQueue, describeRedis, type LeaseTimes } from "@drover/queue";
import { describeStore, openStore } from "@drover/storage";
import { flushSpans } from "@drover/tracing";
import { createExecutor } from "./attempts/execute.js";
import { createChildren, createRunner, warmChildrenFor } from "./children/children.js";
import { GRACES, type Graces } from "./children/runner.js";
import { type LoadedProcessor, loadProcessors } from "./processor-modules.js";
import { exitWith, listenForStop } from "./shutdown.js";
import { createStorageWatch } from "./storage-watch.js";
import { systemClock } from "./timers.js";
import { reconcileOnce } from "./upkeep/reconcile-once.js";
import { Settler } from "./upkeep/settler.js";
import { type SweeperDeps, startSweeper } from "./upkeep/sweeper.js";
import { type ServedProcessor, Worker } from "./worker.js";
import { type Config, readConfig } from "./worker-config.js";
import { sweepDeadWorkers, WorkerFolder } from "./worker-folder.js";
import { startHealth } from "./worker-health.js";

/** Least time between two log lines about the same repeated trouble, in ms. */
const REPEATED_TROUBLE_MS = 10_000;
/** Another worker sweeps this long after the one that did was killed, in ms. */
const SWEEPER_LEASE_MS = 15_000;
/**
 * The longest wait of a drained worker for the manifests of its last jobs, in ms; the sweeper writes the
 * rest.
 */
const SETTLE_MS = 2_000;
/** The longest wait for the last spans, where an SDK was loaded, in ms. */
const FLUSH_MS = 2_000;
/** The longest wait for child processes before the first job is taken, in ms. */
const WARM_WAIT_MS = 5_000;

/** What the process is made of, whether it serves or reconciles. */
interface Parts {
  readonly config: Config;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
  readonly queue: QueuePorts;
  readonly blobs: BlobStore;
  readonly installation: Installation;
}

/** Times that tests shorten; everything else of a worker is a setting. */
export interface Overrides {
  readonly lease?: Partial<LeaseTimes>;
  /** How long a child has to stop before it is killed. */
  readonly graces?: Graces;
}

/**
 * The composition root: the only place that names adapters. `main.js` serves; `main.js reconcile` makes
 * inputs and jobs agree, once.
 */
export async function main(overrides: Overrides = {}): Promise<void> {
  const config = readConfig(randomBytes(5).toString("hex"));
  const { settings } = config;
  const log = createLog({ source: "worker", level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
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
    quietLog: rateLimited(log, REPEATED_TROUBLE_MS),
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
  const folder = await openFolder(parts);
  const { support, guardian } = createChildren({
    environment: config.childEnvironment,
    maxAttempts: config.settings.DROVER_CHILD_MAX_ATTEMPTS,
    workerMark: config.folderName,
    registry: folder,
    graces,
    log,
  });
  const settler = new Settler(parts);
  const shared = { ...parts, folder: folder.path, clock: serverTime(queue), settle: settler.settle };
  const pools = processors.filter(({ processor }) => !processor.inProcess).length;
  const warmChildren = warmChildrenFor(config.settings.DROVER_CONCURRENCY, pools);
  const served = processors.map((loaded): ServedProcessor => {
    const runner = createRunner(support, loaded, warmChildren);
    const { processor } = loaded;
    return { processor, runner, executor: createExecutor({ ...shared, processor, runner }) };
  });
  const worker = new Worker({ ...workerDeps(parts, processors), served });
  const closeHealth = await serveHealth(parts, worker);
  const sweeper = startSweeper(sweeperDeps(parts, processors));
  listenForStop({
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
      await flushSpans(FLUSH_MS);
    },
    exit: (code) => process.exit(code),
  });
  parts.installation.start();
  // A job that it took before would wait, and run sooner elsewhere.
  const areWarm = Promise.all(served.map(({ runner }) => runner.whenWarm()));
  await Promise.race([areWarm, systemClock.sleep(WARM_WAIT_MS)]);
  worker.start();
}

/** The folder of this worker, after what dead workers left beside it is gone. */
async function openFolder({ config, log }: Parts): Promise<WorkerFolder> {
  const attemptsFolder = join(config.dataFolder, "attempts");
  const folder = new WorkerFolder(attemptsFolder, config.folderName);
  await folder.open();
  await sweepDeadWorkers(attemptsFolder, log);
  return folder;
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
    readFileTime: () => readFileTime(parts.blobs),
    intervalMs: settings.DROVER_SWEEP_INTERVAL,
    retentionMs: {
      completed: settings.DROVER_RETENTION_COMPLETED,
      failed: settings.DROVER_RETENTION_FAILED,
    },
    orphanGraceMs: settings.DROVER_ORPHAN_GRACE,
    processors: processors.map(({ processor }) => processor.name),
  };
}

/**
 * Starts the health endpoints, unless the setting is off; returns what ends them.
 * @throws SettingsError when the port cannot be listened on.
 */
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

/** End-to-end tests import this module and start it with shorter times. */
const isStarted =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStarted) main().catch(exitWith);
