import { randomBytes, randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EventBus } from "@drover/core";
import { Installation } from "@drover/job-files";
import { createLog, rateLimited } from "@drover/log";
import { connectQueue, describeRedis, type LeaseTimes } from "@drover/queue";
import { describeStore, openStore, spaceOf, storeFolder } from "@drover/storage";
import { flushSpans } from "@drover/tracing";
import { createExecutor } from "./attempts/execute.js";
import { accessOf, childUserOf } from "./child-isolation.js";
import { prepareAccess } from "./children/child-user-check.js";
import { createChildren, createRunner, warmChildrenFor } from "./children/children.js";
import { GRACES, type Graces } from "./children/runner.js";
import { startImport } from "./job-import/import-once.js";
import { type LoadedProcessor, loadProcessors } from "./processor-modules.js";
import { exitWith, listenForStop } from "./shutdown.js";
import { systemClock } from "./timers.js";
import { Settler } from "./upkeep/settler.js";
import { startSweeper } from "./upkeep/sweeper.js";
import { startWebhooks } from "./webhooks/start-webhooks.js";
import { type ServedProcessor, Worker } from "./worker.js";
import { runCommand } from "./worker-commands.js";
import { type Config, readConfig } from "./worker-config.js";
import { openWorkerFolder } from "./worker-folder.js";
import { serveHealth } from "./worker-health.js";
import { createWorkerMetrics } from "./worker-metrics.js";
import { importDeps, type Parts, serverTime, sweeperDeps, webhooksDeps, workerDeps } from "./worker-parts.js";

/** Least time between two log lines about the same repeated trouble, in ms. */
const REPEATED_TROUBLE_MS = 10_000;
/**
 * The longest wait of a drained worker for the manifests of its last jobs, in ms; the sweeper writes the
 * rest.
 */
const SETTLE_MS = 2_000;
/** The longest wait of a drained worker for deliveries under way; the others are sent by another, in ms. */
const WEBHOOK_STOP_MS = 1_000;
/** The longest wait for the last spans, where an SDK was loaded, in ms. */
const FLUSH_MS = 2_000;
/** The longest wait for child processes before the first job is taken, in ms. */
const WARM_WAIT_MS = 5_000;

/** Times that tests shorten; everything else of a worker is a setting. */
export interface Overrides {
  readonly lease?: Partial<LeaseTimes>;
  /** How long a child has to stop before it is killed. */
  readonly graces?: Graces;
}

/**
 * The composition root: the only place that names adapters. `main.js` serves; with the name of a command it
 * does that once.
 */
export async function main(overrides: Overrides = {}): Promise<void> {
  const config = readConfig(randomBytes(5).toString("hex"));
  const { settings } = config;
  const log = createLog({ source: "worker", level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
  for (const sentence of config.misspelt) log.warn(sentence);
  const command = process.argv.slice(2);
  const isService = command.length === 0;
  const processors = isService ? await loadProcessors(settings.DROVER_PROCESSORS, process.cwd()) : [];
  const { graces, ...lease } = overrides;
  const events = new EventBus();
  const prefix = settings.DROVER_QUEUE_PREFIX;
  const countsDefaultBytes = settings.DROVER_TENANT_STORED_BYTES > 0;
  const queue = connectQueue({ url: settings.REDIS_URL, prefix, log, events, countsDefaultBytes, ...lease });
  const blobs = openStore(config.storage, { leftoverGraceMs: settings.DROVER_ORPHAN_GRACE });
  const parts: Parts = {
    config,
    log,
    quietLog: rateLimited(log, REPEATED_TROUBLE_MS),
    queue,
    events,
    blobs,
    installation: installationOf(config, { queue, blobs, log }),
  };
  if (isService) return serve(parts, processors, graces);
  const code = await runCommand(command, {
    ...importDeps(parts),
    ...sweeperDeps(parts, []),
    installation: parts.installation,
    audit: queue.audit,
  });
  await queue.close();
  process.exit(code);
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
  const childUser = childUserOf(parts, processors);
  const folder = await openWorkerFolder(join(config.dataFolder, "attempts"), config.folderName, log);
  if (childUser !== undefined)
    await prepareAccess(
      childUser,
      accessOf(processors, {
        ...config,
        workerFolder: folder.path,
        storeFolder: storeFolder(config.storage),
      }),
    );
  const { support, guardian } = createChildren({
    user: childUser,
    environment: config.childEnvironment,
    maxAttempts: config.settings.DROVER_CHILD_MAX_ATTEMPTS,
    workerMark: config.folderName,
    registry: folder,
    graces,
    log,
  });
  const settler = new Settler(parts);
  const shared = {
    ...parts,
    folder: folder.path,
    clock: serverTime(queue),
    childUser,
    settle: settler.settle,
  };
  const pools = processors.filter(({ processor }) => !processor.inProcess).length;
  const warmChildren = warmChildrenFor(config.settings.DROVER_CONCURRENCY, pools);
  const served = processors.map((loaded): ServedProcessor => {
    const runner = createRunner(support, loaded, warmChildren);
    const { processor } = loaded;
    return { processor, runner, executor: createExecutor({ ...shared, processor, runner }) };
  });
  let drain = () => {}; // nobody asks before the first heartbeat
  const worker = new Worker({ ...workerDeps(parts, processors), served, onDrainAsked: () => drain() });
  const closeEndpoints = await startEndpoints(parts, worker, served);
  const space = () => spaceOf(config.storage);
  const sweeper = startSweeper({ ...sweeperDeps(parts, processors), space });
  const { DROVER_IMPORT } = config.settings;
  const jobImport = DROVER_IMPORT === undefined ? undefined : startImport(DROVER_IMPORT, importDeps(parts));
  const webhooks = startWebhooks(webhooksDeps(parts, processors));
  drain = listenForStop({
    log,
    drainTimeoutMs: config.settings.DROVER_DRAIN_TIMEOUT,
    async stop(deadlineMs) {
      await Promise.all([worker.drain(deadlineMs), sweeper.stop(), jobImport?.stop()]);
      await webhooks.stop(WEBHOOK_STOP_MS); // jobs end until here
      parts.installation.stop();
      await settler.drain(SETTLE_MS);
      guardian.close();
      await closeEndpoints();
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

/** Starts the health endpoints and the metrics, unless the setting is off; returns what ends them. */
function startEndpoints(parts: Parts, worker: Worker, served: readonly ServedProcessor[]) {
  const { config, log, queue, events } = parts;
  const createMetrics = () =>
    createWorkerMetrics({
      ...{ events, worker, health: queue.health, version: config.version },
      space: () => spaceOf(config.storage),
      runners: new Map(served.map(({ processor, runner }) => [processor.name, runner])),
    });
  const { DROVER_WORKER_PORT: port, HOST: host, DROVER_ADMIN_KEY: adminKey } = config.settings;
  const readiness = { state: () => worker.state, advice: () => worker.advice };
  return serveHealth({ port, host, log, adminKey, ...readiness, createMetrics });
}

/** End-to-end tests import this module and start it with shorter times. */
const isStarted =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStarted) main().catch(exitWith);
