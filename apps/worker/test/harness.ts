import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Attempt,
  type BlobStore,
  type JobId,
  type JobRequest,
  type Log,
  type LogFields,
  type LogLine,
  type Progress,
  parseJobId,
  type StopReason,
} from "@drover/core";
import { inputKey, writeManifest } from "@drover/job-files";
import { identify } from "@drover/process-guard";
import type { Processor } from "@drover/processor-sdk";
import { storeIn } from "@drover/testkit";
import { createExecutor, type Executor } from "../src/attempts/execute.js";
import { ChildPool } from "../src/children/child-pool.js";
import type { ChildrenOptions } from "../src/children/children.js";
import { createInProcessRunner } from "../src/children/in-process-runner.js";
import type { Runner } from "../src/children/runner.js";
import { systemClock } from "../src/timers.js";
import processors from "./fixtures/processors.js";
import { quickChildren } from "./quick-children.js";

/** Built, as everything that runs in a process of its own. */
const FIXTURES = new URL("./dist/processors.js", import.meta.url).href;

/** A log that keeps its entries. */
export function recordingLog(): Log & {
  readonly entries: { level: string; message: string; fields: LogFields }[];
} {
  const entries: { level: string; message: string; fields: LogFields }[] = [];
  const write =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      entries.push({ level, message, fields });
    };
  return { entries, debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** Executors of the fixture processors on one worker folder and one store; begins with `start`, ends with `close`. */
export class Harness {
  readonly #root: string;
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly log = recordingLog();
  /** Jobs whose manifests were to be settled. */
  readonly settled: JobId[] = [];
  readonly #children: ReturnType<typeof quickChildren>;
  readonly #runners: Runner[] = [];
  readonly #executors = new Map<string, Executor>();

  static async start(options: Partial<ChildrenOptions> = {}): Promise<Harness> {
    const root = mkdtempSync(join(tmpdir(), "drover-worker-"));
    return new Harness(root, await storeIn(join(root, "blobs")), options);
  }

  private constructor(root: string, blobs: BlobStore, options: Partial<ChildrenOptions>) {
    this.#root = root;
    this.folder = join(root, "attempts");
    this.blobs = blobs;
    mkdirSync(this.folder);
    this.#children = quickChildren({ log: this.log, ...options });
  }

  /** The executor of a fixture. */
  executor(name: string): Executor {
    const known = this.#executors.get(name);
    if (known !== undefined) return known;
    const processor = processorNamed(name);
    const runner = processor.inProcess
      ? createInProcessRunner(processor, { stopMs: 200, cancelMs: 200 })
      : new ChildPool(this.#children.support, {
          name,
          moduleUrl: FIXTURES,
          isolation: processor.isolation,
          maxRssBytes: processor.limits.maxRssBytes,
        });
    this.#runners.push(runner);
    const { folder, blobs, log } = this;
    const executor = createExecutor({
      processor,
      runner,
      blobs,
      folder,
      clock: systemClock,
      log,
      settle: (id) => this.settled.push(id),
    });
    this.#executors.set(name, executor);
    return executor;
  }

  /** An attempt at a new job whose input is stored. */
  async attempt(processor: string, request: Partial<JobRequest> = {}, number = 1): Promise<TestAttempt> {
    const attempt = new TestAttempt(requestOf(processor, request), number);
    const { request: stored } = attempt;
    await this.blobs.put(stored.input.key, bytes("some input"));
    await writeManifest({ version: 1, request: stored, settled: null }, this.blobs);
    return attempt;
  }

  /** A path that a fixture writes its process numbers to. */
  notePath(): string {
    return join(this.folder, `note-${randomUUID()}`);
  }

  /** Folders of attempts that are left. */
  leftFolders(): string[] {
    return readdirSync(this.folder).filter((name) => !name.startsWith("note-"));
  }

  async keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.blobs.list(prefix)) keys.push(key);
    return keys;
  }

  async close(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.close()));
    this.#children.guardian.close();
    await rm(this.#root, { recursive: true });
  }
}

export function processorNamed(name: string): Processor {
  const found = processors.find((processor) => processor.name === name);
  if (found === undefined) throw new Error(`No fixture is called ${name}.`);
  return found;
}

export function requestOf(processor: string, changes: Partial<JobRequest> = {}): JobRequest {
  return {
    id: parseJobId(randomUUID()),
    processor,
    input: {
      key: inputKey(randomUUID()),
      filename: "input.txt",
      sizeBytes: 10,
      mediaType: "text/plain",
      sha256: "0".repeat(64),
    },
    params: {},
    tags: {},
    priority: 0,
    runAt: null,
    maxAttempts: 3,
    timeoutMs: null,
    queueTimeoutMs: null,
    fingerprint: null,
    requestId: null,
    createdAt: Date.now(),
    ...changes,
  };
}

/** An attempt in the test's own hands. */
export class TestAttempt implements Attempt {
  readonly updates: Progress[] = [];
  readonly lines: LogLine[] = [];
  readonly id = randomUUID().slice(0, 8);
  readonly request: JobRequest;
  readonly number: number;
  reopenedEnd: number | null = null;
  readonly #stop = new AbortController();

  constructor(request: JobRequest, number: number) {
    this.request = request;
    this.number = number;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(reason: StopReason): void {
    this.#stop.abort(reason);
  }

  async progress(progress: Progress): Promise<void> {
    this.updates.push(progress);
  }

  async log(lines: readonly LogLine[]): Promise<void> {
    this.lines.push(...lines);
  }
}

export async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** Resolves when `holds` does; rejects after `withinMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}.`);
    await sleep(10);
  }
}

/** The process numbers that a fixture wrote; waits for them. */
export async function pidsFrom(path: string): Promise<number[]> {
  await until(
    "the processor began",
    () => existsSync(path) && readFileSync(path, "utf8").endsWith("]"),
    20_000,
  );
  return JSON.parse(readFileSync(path, "utf8")) as number[];
}

export async function areGone(pids: readonly number[]): Promise<boolean> {
  return pids.every((pid) => identify(pid) === undefined);
}
