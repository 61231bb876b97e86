import { randomBytes, randomUUID } from "node:crypto";
import type {
  Attempt,
  BlobStore,
  Consumer,
  JobId,
  LogFields,
  LogLevel,
  Outcome,
  ProcessorInfo,
  QueuePorts,
} from "@drover/core";
import { jobFolder } from "@drover/job-files";
import { signal, testQueue, testStore, withMethods } from "@drover/testkit";
import { expect, onTestFinished } from "vitest";
import { type AppOptions, createApp } from "../src/app.js";
import type { Deps } from "../src/deps.js";
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
  /** Closes it; fails when something unexpected was logged, unless `errors` says how many such lines there are. */
  close(options?: { readonly errors?: number }): Promise<void>;
}

export interface TestApiOptions extends AppOptions {
  readonly queue?: QueuePorts;
  readonly store?: BlobStore;
  readonly deps?: Partial<Deps>;
  readonly maxQueued?: number;
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

/** One for all tests: it compiles schemas when it is made. */
const CHECK_PARAMS = createParamsCheck();

/**
 * Starts the application for one test or its `beforeEach`.
 * @param options.queue default: one on the run's Redis, of its own. `store` default: one in a folder of its own.
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
  const { board, reach } = options;
  const app = createApp(deps, {
    ...(board === undefined ? {} : { board }),
    ...(reach === undefined ? {} : { reach }),
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
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, fields });
    };
  const log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  const processors = createProcessorDirectory({ catalogue: queue.catalogue, log });
  const installation = { confirm: async () => {}, state: { kind: "agreed", id: "test" } } as const;
  const sharing = createStorageSharing({
    ...{ store, log, installation, processors, now: Date.now },
    apiId: "test-api",
    apis: queue.apis,
  });
  return {
    ...{ queue, store, log, stopping, installation, processors, sharing },
    admission: createAdmission({
      health: queue.health,
      maxQueued: options.maxQueued ?? 1_000,
      monotonicMs: () => performance.now(),
    }),
    checkParams: CHECK_PARAMS,
    limits: {
      maxUploadBytes: 512 << 20,
      retentionMs: { completed: 60_000, failed: 120_000 },
      uploadStallMs: 30_000,
    },
    version: "9.9.9",
    now: Date.now,
    newJobId: () => randomUUID() as JobId,
    newUploadId: () => randomBytes(8).toString("hex"),
    startedAt: Date.now(),
  };
}

/** A form with one file. */
export function formWith(
  content: string | Uint8Array<ArrayBuffer> = "a,b\n1,2\n",
  fields: Readonly<Record<string, string>> = {},
  filename = "log.csv",
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new Blob([content], { type: "text/csv" }), filename);
  return form;
}

export interface WireJson {
  readonly [member: string]: unknown;
  readonly job_id: string;
  readonly status: unknown;
}

export async function submit(
  api: TestApi,
  form: FormData = formWith(),
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${api.url}/api/processors/csv-count/jobs`, { method: "POST", body: form, headers });
}

/** Submits and answers the job; fails when it was not accepted. */
export async function submitted(api: TestApi, form?: FormData): Promise<WireJson> {
  const response = await submit(api, form);
  expect(response.status).toBe(202);
  return (await response.json()) as WireJson;
}

export async function json(response: Response | Promise<Response>): Promise<WireJson> {
  return (await (await response).json()) as WireJson;
}

/** Takes the jobs of `csv-count`, as a worker would, until it is drained or the test is over. */
export function work(
  api: TestApi,
  execute: (attempt: Attempt) => Promise<Outcome>,
  processor = CSV.name,
): Consumer {
  const consumer = api.queue.attempts.consume(
    processor,
    { slots: 4, workerId: "w1", retry: { baseDelayMs: 0, maxDelayMs: 0 } },
    execute,
  );
  onTestFinished(() => consumer.drain(0));
  return consumer;
}

/** What a processor leaves: one artifact, stored below the attempt's folder. */
export async function completeWith(
  api: TestApi,
  attempt: Attempt,
  bytes: Uint8Array,
  name = "out.zip",
): Promise<Outcome> {
  const key = `${jobFolder(attempt.request.id)}/${attempt.number}-x/${name}`;
  const info = await api.store.put(
    key,
    (async function* () {
      yield bytes;
    })(),
  );
  const artifact = { name, key, ...info, mediaType: "application/zip", isPrimary: true };
  return { kind: "completed", result: { rows: 2 }, artifacts: [artifact] };
}

/** A queue that says when somebody begins to watch a job: the moment from which a long poll cannot miss a change. */
export async function watchedQueue(): Promise<{ readonly queue: QueuePorts; watched(): Promise<void> }> {
  const queue = await testQueue();
  let next = signal();
  let isWatched = false;
  const jobs = withMethods(queue.jobs, {
    changed: (id, abort) => {
      isWatched = true;
      return queue.jobs.changed(id, abort);
    },
    get: async (id) => {
      const job = await queue.jobs.get(id);
      if (isWatched) setImmediate(next.resolve); // the waiter has read what it compares with
      return job;
    },
  });
  return {
    queue: { ...queue, jobs },
    watched: () => {
      next = signal();
      isWatched = false;
      return next.promise;
    },
  };
}
