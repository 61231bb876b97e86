import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobStore, JobId, JobRequest, Outcome } from "@drover/core";
import { writeManifest } from "@drover/job-files";
import { identify } from "@drover/process-guard";
import type { Processor } from "@drover/processor-sdk";
import { chunksOf, newRequest, silentLog, storeIn, waitFor } from "@drover/testkit";
import { createExecutor, type Executor } from "../src/attempts/execute.js";
import { ChildPool } from "../src/children/child-pool.js";
import { type ChildrenOptions, createChildren } from "../src/children/children.js";
import { createInProcessRunner } from "../src/children/in-process-runner.js";
import type { Runner } from "../src/children/runner.js";
import { systemClock } from "../src/timers.js";
import processors from "./fixtures/fixture-processors.js";
import { recordingLog, TestAttempt } from "./test-attempt.js";

/** Built, as everything that runs in a process of its own. */
const FIXTURES = new URL("./dist/fixture-processors.js", import.meta.url).href;

/**
 * Executors of the fixture processors on one worker folder and one store; begins with `start`, ends with
 * `close`.
 */
export class ExecutorBench {
  readonly #root: string;
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly log = recordingLog();
  /** Jobs whose manifests were to be settled. */
  readonly settled: JobId[] = [];
  readonly #children: ReturnType<typeof quickChildren>;
  readonly #runners: Runner[] = [];
  readonly #executors = new Map<string, Executor>();

  static async start(options: Partial<ChildrenOptions> = {}): Promise<ExecutorBench> {
    const root = mkdtempSync(join(tmpdir(), "drover-worker-"));
    return new ExecutorBench(root, await storeIn(join(root, "blobs")), options);
  }

  private constructor(root: string, blobs: BlobStore, options: Partial<ChildrenOptions>) {
    this.#root = root;
    this.folder = join(root, "attempts");
    this.blobs = blobs;
    mkdirSync(this.folder);
    this.#children = quickChildren({ log: this.log, ...options });
  }

  /** The executor of a fixture, with so many children started ahead. */
  async warmExecutor(name: string, warmChildren: number): Promise<Executor> {
    const executor = this.executor(name, warmChildren);
    const runner = this.#runners.at(-1);
    if (runner instanceof ChildPool) runner.warm();
    await runner?.whenWarm();
    return executor;
  }

  /** The executor of a fixture. */
  executor(name: string, warmChildren = 1): Executor {
    const known = this.#executors.get(name);
    if (known !== undefined) return known;
    const processor = processorNamed(name);
    const runner = processor.inProcess
      ? createInProcessRunner(processor, { stopMs: 200, cancelMs: 200 })
      : new ChildPool(this.#children.support, {
          name,
          moduleUrl: FIXTURES,
          isolation: processor.isolation,
          passEnv: [],
          maxRssBytes: processor.limits.maxRssBytes,
          warmChildren,
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
      settle: ({ id }) => this.settled.push(id),
    });
    this.#executors.set(name, executor);
    return executor;
  }

  /** An attempt at a new job whose input is stored. */
  async attempt(processor: string, request: Partial<JobRequest> = {}, number = 1): Promise<TestAttempt> {
    const attempt = new TestAttempt(newRequest({ processor, ...request }), number);
    const { request: stored } = attempt;
    await this.blobs.put(stored.input.key, chunksOf("some input"));
    await writeManifest({ version: 1, request: stored, settled: null }, this.blobs);
    return attempt;
  }

  /** Runs a first attempt of a fixture to its end. */
  async outcomeOf(processor: string): Promise<Outcome> {
    return this.executor(processor).execute(await this.attempt(processor));
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

/** Children that run the built entry, with shorter graces than in production. */
function quickChildren(options: Partial<ChildrenOptions> = {}): ReturnType<typeof createChildren> {
  return createChildren({
    environment: () => process.env,
    maxAttempts: 100,
    workerMark: randomUUID(),
    registry: { watch() {}, forget() {} },
    entry: new URL("../dist/children/child-main.js", import.meta.url).pathname,
    log: silentLog,
    graces: { stopMs: 500, cancelMs: 500 },
    ...options,
  });
}

export function processorNamed(name: string): Processor {
  const found = processors.find((processor) => processor.name === name);
  if (found === undefined) throw new Error(`No fixture is called ${name}.`);
  return found;
}

/** The process numbers that a fixture wrote; waits for them. */
export async function pidsFrom(path: string): Promise<number[]> {
  await waitFor(() => existsSync(path) && readFileSync(path, "utf8").endsWith("]"), {
    what: "the processor began",
    deadlineMs: 20_000,
  });
  return JSON.parse(readFileSync(path, "utf8")) as number[];
}

export async function areGone(pids: readonly number[]): Promise<boolean> {
  return pids.every((pid) => identify(pid) === undefined);
}
