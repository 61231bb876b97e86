import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type BlobStore, DEFAULT_TENANT, EventBus, type JobId, type Log, SettingsError } from "@drover/core";
import { Installation } from "@drover/job-files";
import { createLog } from "@drover/log";
import { type BullQueue, connectQueue, describeRedis } from "@drover/queue";
import {
  misspeltSettings,
  parseSettings,
  receiverPolicyOf,
  type Settings,
  tenantLimitsOf,
  trustedProxiesOf,
} from "@drover/settings";
import { describeStore, openStore, spaceOf } from "@drover/storage";
import { flushSpans } from "@drover/tracing";
import { v7 as uuidv7 } from "uuid";
import { createAccessControl } from "./access/access-control.js";
import type { KnownCallers } from "./access/known-callers.js";
import { createLimitDirectory } from "./access/limit-directory.js";
import { createApp } from "./app.js";
import type { Deps } from "./deps.js";
import { watchDeadlines } from "./jobs/settle-job.js";
import { createAdmission } from "./operations/admission.js";
import { createApiMetrics } from "./operations/api-metrics.js";
import { reportServer } from "./operations/health.js";
import { createStorageSharing } from "./operations/storage-sharing.js";
import { createParamsCheck } from "./processors/params-check.js";
import { createProcessorDirectory } from "./processors/processor-directory.js";
import { listen, onStopRequest } from "./server.js";

/** Where the pages are built to. */
const CONSOLE = fileURLToPath(new URL(".", import.meta.resolve("@drover/console/index.html")));

/** The longest wait for the last spans, where an SDK was loaded, in ms. */
const FLUSH_MS = 2_000;

/**
 * The api process. Starts whether Redis answers or not (what needs it is refused with 503 until it does),
 * stops on SIGTERM, SIGINT and the death of its parent: not ready, no new connections, requests under way
 * end, at most DROVER_API_DRAIN_TIMEOUT long.
 * @param faults where a fault test stops it.
 */
export async function main(faults: Pick<Deps, "failpoint"> = {}): Promise<void> {
  const config = readConfig(process.env);
  const { settings } = config;
  const log = createLog({ source: "api", level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
  process.on("uncaughtException", (error) => {
    log.error("Unexpected error outside of every request; the process ends.", { error });
    process.exit(1);
  });
  for (const sentence of config.misspelt) log.warn(sentence);
  const events = new EventBus();
  const prefix = settings.DROVER_QUEUE_PREFIX;
  const countsDefaultBytes = settings.DROVER_TENANT_STORED_BYTES > 0;
  const queue = connectQueue({ url: settings.REDIS_URL, prefix, log, events, countsDefaultBytes });
  const stopping = new AbortController();
  const store = openStore(config.storage);
  const installation = installationOf(config, { queue, store, log });
  const access = createAccessControl({ settings, queue, log, now: () => queue.clock.now() });
  const { callers, jobTokens, sessions } = access;
  const resources = { queue, store, log, events, installation, callers, jobTokens, sessions };
  const deps = { ...compose(config, resources, stopping.signal), ...faults };
  const { health } = queue;
  const space = () => spaceOf(config.storage);
  const metrics = createApiMetrics({ ...deps, events, health, space });
  const isWritable = settings.DROVER_DASHBOARD_WRITE === "1";
  const app = createApp(deps, {
    reach: {
      boundTo: settings.HOST,
      hosts: settings.DROVER_HOSTS,
      corsOrigins: settings.DROVER_CORS_ORIGINS,
    },
    proxies: trustedProxiesOf(settings),
    metrics: { registry: metrics.registry },
    console: CONSOLE,
    board: {
      isWritable,
      queueOf: async (name) => {
        const { BullMQAdapter } = await import("@bull-board/api/bullMQAdapter");
        return new BullMQAdapter(queue.boardQueue(name), { readOnlyMode: !isWritable });
      },
    },
  });
  deps.processors.start();
  deps.tenantLimits.start();
  installation.start();
  // Under a second, also when Redis is away: the first request is answered as the thousandth is.
  await Promise.all([installation.check(), access.start()]);
  deps.sharing.start();
  const stopWatching = watchDeadlines({ queue, store: deps.store, log });
  const server = await listen(app, { host: settings.HOST, port: settings.PORT }).catch((error: unknown) => {
    log.error(`Cannot listen on ${settings.HOST} port ${settings.PORT} (HOST, PORT): ${messageOf(error)}`);
    process.exit(2);
  });
  log.info(`Listening on ${server.url}`, { url: server.url, version: deps.version });
  process.send?.({ type: "listening", url: server.url });
  queue.health.inspect().then(
    (report) => reportServer(report, log),
    () => log.warn("Redis does not answer; requests that need it get 503 until it does."),
  );
  onStopRequest(async (reason) => {
    log.info(`Stopping: ${reason}`);
    stopping.abort();
    await server.drain(settings.DROVER_API_DRAIN_TIMEOUT);
    deps.processors.stop();
    deps.tenantLimits.stop();
    installation.stop();
    access.stop();
    await deps.sharing.stop();
    stopWatching();
    metrics.close();
    await queue.close();
    await flushSpans(FLUSH_MS);
    log.info("Stopped");
    process.exit(0);
  });
}

/** What the api was told. */
interface Config {
  readonly settings: Settings;
  /** `file:<folder>`, absolute. */
  readonly storage: string;
  /** A sentence for each variable that looks like a setting and is none. */
  readonly misspelt: readonly string[];
}

/**
 * The api's configuration from the environment.
 * @throws `SettingsError` listing every mistake.
 */
function readConfig(env: NodeJS.ProcessEnv): Config {
  const settings = parseSettings(env);
  return {
    settings,
    storage: settings.DROVER_STORAGE ?? `file:${resolve(settings.DROVER_DATA_DIR, "blobs")}`,
    misspelt: misspeltSettings(env),
  };
}

/** What reaches out of the process. */
interface Resources extends KnownCallers {
  readonly queue: BullQueue;
  readonly store: BlobStore;
  readonly log: Log;
  readonly events: EventBus;
  readonly installation: Installation;
}

function installationOf(
  { settings, storage }: Config,
  { queue, store, log }: Pick<Resources, "queue" | "store" | "log">,
): Installation {
  return new Installation({
    marks: queue.installation,
    store,
    prefix: settings.DROVER_QUEUE_PREFIX,
    newId: randomUUID,
    clock: {
      monotonicMs: () => performance.now(),
      sleep: (ms, signal) => sleep(ms, undefined, { signal, ref: false }),
    },
    log,
    where: { redis: describeRedis(settings.REDIS_URL), storage: describeStore(storage) },
  });
}

function compose(config: Config, resources: Resources, stopping: AbortSignal): Deps {
  const { settings } = config;
  const { queue, log } = resources;
  const processors = createProcessorDirectory({ catalogue: queue.catalogue, log });
  const apiId = `${hostname()
    .replaceAll(/[^A-Za-z0-9.-]/g, "-")
    .slice(0, 100)}-${process.pid}-${randomBytes(5).toString("hex")}`;
  return {
    ...resources,
    ...{ tenant: DEFAULT_TENANT, seesAll: true },
    tenantLimits: createLimitDirectory({
      store: queue.limits,
      minutes: queue.minutes,
      ofAll: tenantLimitsOf(settings),
      log,
    }),
    processors,
    sharing: createStorageSharing({ ...resources, apiId, apis: queue.apis, processors, now: Date.now }),
    admission: createAdmission({
      health: queue.health,
      maxQueued: settings.DROVER_MAX_QUEUED,
      maxUploads: settings.DROVER_MAX_UPLOADS,
      monotonicMs: () => performance.now(),
    }),
    checkParams: createParamsCheck(),
    limits: {
      maxUploadBytes: settings.DROVER_MAX_UPLOAD_BYTES,
      retentionMs: {
        completed: settings.DROVER_RETENTION_COMPLETED,
        failed: settings.DROVER_RETENTION_FAILED,
      },
      uploadStallMs: 30_000,
    },
    receivers: receiverPolicyOf(settings),
    version: readVersion(),
    now: () => queue.clock.now(),
    newJobId: () => uuidv7() as JobId, // uuid spells ids in lower case
    newUploadId: () => randomBytes(16).toString("hex"),
    startedAt: Date.now(),
    stopping,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version; // our own file
}

/** Fault tests import this module and start it with failpoints. */
const isStarted =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStarted) {
  await main().catch((error: unknown) => {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  });
}
