import { randomBytes, randomUUID } from "node:crypto";
import {
  type BlobStore,
  DEFAULT_TENANT,
  type JobId,
  type LogFields,
  type LogLevel,
  NO_EVENTS,
  NO_LIMITS,
  type ProcessorInfo,
  type QueuePorts,
} from "@drover/core";
import { byLevel } from "@drover/log";
import { testQueue, testStore } from "@drover/testkit";
import { expect } from "vitest";
import { keyRefused } from "../src/access/api-key-text.js";
import { ANYBODY, type Callers } from "../src/access/callers.js";
import { KeyRing } from "../src/access/key-ring.js";
import { createCallers } from "../src/access/known-callers.js";
import { createLimitDirectory } from "../src/access/limit-directory.js";
import { type AppOptions, createApp } from "../src/app.js";
import type { Deps, Limits } from "../src/deps.js";
import { createAdmission } from "../src/operations/admission.js";
import { createStorageSharing } from "../src/operations/storage-sharing.js";
import { createParamsCheck } from "../src/processors/params-check.js";
import { createProcessorDirectory } from "../src/processors/processor-directory.js";
import { type HttpServer, listen } from "../src/server.js";

export interface LoggedLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** An api that listens on a free port, with everything of it in reach. */
export interface TestApi {
  readonly url: string;
  readonly deps: Deps;
  readonly queue: QueuePorts;
  readonly store: BlobStore;
  readonly server: HttpServer;
  readonly lines: LoggedLine[];
  /** Begins the stop, as SIGTERM would. */
  readonly stop: AbortController;
  /** Paths of everything in the store but what tells that it is one. */
  keys(): Promise<readonly string[]>;
  /**
   * Closes it; fails when something unexpected was logged, unless `errors` says how many such lines there
   * are.
   */
  close(options?: { readonly errors?: number }): Promise<void>;
}

export interface TestApiOptions extends AppOptions {
  readonly queue?: QueuePorts;
  readonly store?: BlobStore;
  readonly deps?: Partial<Deps>;
  readonly maxQueued?: number;
  readonly maxUploads?: number;
  /** Over those of the tests. */
  readonly limits?: Partial<Limits>;
  readonly processors?: readonly ProcessorInfo[];
  /** Whether a live worker serves them. Default true. */
  readonly isServed?: boolean;
}

export const CSV: ProcessorInfo = {
  name: "csv-count",
  version: "1.0.0",
  description: "Counts rows.",
  accepts: { extensions: [".csv"], mediaTypes: ["text/csv"] },
  limits: { maxInputBytes: 1 << 20, timeoutMs: 60_000, maxRssBytes: 1 << 30, maxAttempts: 3 },
  paramsSchema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: {
      timezone: { type: "string", minLength: 2 },
      mode: { enum: ["fast", "exact"] },
      nested: { type: "object", properties: { depth: { type: "integer" } }, required: ["depth"] },
    },
    additionalProperties: false,
  },
};
export const ANY: ProcessorInfo = {
  ...CSV,
  name: "any-file",
  accepts: { extensions: [], mediaTypes: [] },
  limits: { ...CSV.limits, maxInputBytes: 1 << 30 },
};
export const MOODLE: ProcessorInfo = { ...CSV, name: "moodle-log" };

/** A server that knows no keys, and asks Redis for none. */
const everybody: Callers = {
  callerOf: () => ANYBODY,
  holderOf: () => {
    throw keyRefused("This server knows no keys.");
  },
  signedIn: () => undefined,
  areKeyed: false,
  refresh: async () => {},
};

/** One for all tests: it compiles schemas when it is made. */
const CHECK_PARAMS = createParamsCheck();

/**
 * Starts the application for one test or its `beforeEach`.
 * @param options.queue default: one on the run's Redis, of its own. `store` default: one in a folder of its
 *   own.
 */
export async function startApi(options: TestApiOptions = {}): Promise<TestApi> {
  const queue = options.queue ?? (await testQueue());
  const store = options.store ?? (await testStore()).store;
  const processors = options.processors ?? [CSV, ANY, MOODLE];
  const worker = { id: "w1", host: "h", pid: 1, slots: 2, startedAt: 0 };
  if (processors.length > 0) {
    await queue.catalogue.announce({ ...worker, processors: processors.map(({ name }) => name) }, processors);
    if (options.isServed === false) await queue.catalogue.withdraw(worker.id);
  }
  const lines: LoggedLine[] = [];
  const stop = new AbortController();
  const deps = { ...testDeps(queue, store, lines, options, stop.signal), ...options.deps };
  if (processors.length > 0) await deps.processors.list();
  const { board, console, reach, metrics, proxies } = options;
  const app = createApp(deps, {
    ...(board === undefined ? {} : { board }),
    ...(console === undefined ? {} : { console }),
    ...(reach === undefined ? {} : { reach }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(proxies === undefined ? {} : { proxies }),
  });
  const server = await listen(app, { host: "127.0.0.1", port: 0 });
  return {
    ...{ url: server.url, deps, queue, store, server, lines, stop },
    async keys() {
      const keys: string[] = [];
      for await (const { key } of store.list("")) if (!key.startsWith(".drover/")) keys.push(key);
      return keys.sort();
    },
    async close({ errors = 0 } = {}) {
      await server.drain(20);
      await queue.close();
      expect(lines.filter(({ level }) => level === "error")).toHaveLength(errors);
    },
  };
}

function testDeps(
  queue: QueuePorts,
  store: BlobStore,
  lines: LoggedLine[],
  options: TestApiOptions,
  stopping: AbortSignal,
): Deps {
  const log = byLevel((level, message, fields) => lines.push({ level, message, fields }));
  const processors = createProcessorDirectory({ catalogue: queue.catalogue, log });
  const installation = { confirm: async () => {}, state: { kind: "agreed", id: "test" } } as const;
  const sharing = createStorageSharing({
    ...{ store, log, installation, processors, now: Date.now },
    apiId: "test-api",
    apis: queue.apis,
  });
  const ring = new KeyRing({ apiKeys: queue.apiKeys, log });
  const { sessions: kept } = queue;
  const own = { ring, environment: [], openness: "open", sessions: kept, now: Date.now } as const;
  const { jobTokens, sessions } = createCallers(own);
  return {
    ...{ queue, store, log, stopping, installation, processors, sharing, events: NO_EVENTS },
    ...{ tenant: DEFAULT_TENANT, seesAll: true, callers: everybody, jobTokens, sessions },
    tenantLimits: createLimitDirectory({
      store: queue.limits,
      minutes: queue.minutes,
      ofAll: NO_LIMITS,
      log,
    }),
    admission: createAdmission({
      health: queue.health,
      maxQueued: options.maxQueued ?? 1_000,
      maxUploads: options.maxUploads ?? 1_000,
      monotonicMs: () => performance.now(),
    }),
    checkParams: CHECK_PARAMS,
    limits: {
      maxUploadBytes: 512 << 20,
      retentionMs: { completed: 60_000, failed: 120_000 },
      uploadStallMs: 30_000,
      ...options.limits,
    },
    receivers: { isHttpAllowed: false, allowedNetworks: [] },
    version: "9.9.9",
    now: Date.now,
    newJobId: () => randomUUID() as JobId,
    newUploadId: () => randomBytes(8).toString("hex"),
    startedAt: Date.now(),
  };
}
