import { randomUUID } from "node:crypto";
import {
  type Artifact,
  type Attempt,
  type BlobStore,
  type Consumer,
  type Job,
  type JobEnd,
  type JobRequest,
  type Outcome,
  parseJobId,
} from "@drover/core";
import { type Manifest, readManifest, writeManifest } from "@drover/job-files";
import { type BullQueue, connectQueue } from "@drover/queue";
import { chunksOf, newRequest, Redis, testRedis, testStore, waitFor } from "@drover/testkit";
import { onTestFinished } from "vitest";
import { systemClock } from "../src/timers.js";
import { Sweeper, type SweeperDeps } from "../src/upkeep/sweeper.js";
import type { Swept } from "../src/upkeep/swept.js";
import { recordingLog } from "./test-attempt.js";

export const HOUR = 3_600_000;
export const NOTHING: Swept = {
  ...{
    jobsLate: 0,
    jobsExpired: 0,
    jobsBuried: 0,
    restored: 0,
    settled: 0,
    inputsRemoved: 0,
    attemptsRemoved: 0,
  },
};
export const FAILURE: Outcome = { kind: "failed", code: "input_invalid", message: "no", retryable: false };

const RETRY = { baseDelayMs: 0, maxDelayMs: 0 };

/** Jobs on a real Redis, files on a disk, and sweeps by a clock that the test moves. Ends with its test. */
export class SweepBench {
  readonly blobs: BlobStore;
  readonly log = recordingLog();
  readonly queue: BullQueue;
  readonly client: Redis;
  /** How far the sweeper's clocks are ahead, in ms. */
  ahead = 0;
  readonly prefix: string;

  /** For one test or its `beforeEach`. */
  static async start(): Promise<SweepBench> {
    const redis = await testRedis();
    const bench = new SweepBench({
      url: redis.url,
      prefix: redis.prefix(),
      blobs: (await testStore()).store,
    });
    onTestFinished(async () => {
      await bench.queue.close();
      bench.client.disconnect();
      await redis.stop();
    });
    return bench;
  }

  private constructor({ url, prefix, blobs }: { url: string; prefix: string; blobs: BlobStore }) {
    this.prefix = prefix;
    this.blobs = blobs;
    this.client = new Redis(url);
    this.queue = connectQueue({ url, prefix, log: this.log, syncDelayMs: 20 });
  }

  /** What a sweeper of this bench is made of. */
  deps(changes: Partial<SweeperDeps> = {}): SweeperDeps {
    const now = () => Date.now() + this.ahead;
    return {
      queue: { ...this.queue, clock: { now } },
      blobs: this.blobs,
      clock: { ...systemClock, now },
      retentionMs: { completed: 2 * HOUR, failed: 4 * HOUR },
      processors: ["p"],
      orphanGraceMs: HOUR,
      intervalMs: 1_000,
      leaseMs: 15_000,
      holder: "bench",
      assertMayErase: async () => {},
      readFileTime: async () => now(),
      log: this.log,
      quietLog: this.log,
      ...changes,
    };
  }

  /** One sweep by a sweeper of its own. */
  async sweep(changes: Partial<SweeperDeps> = {}): Promise<Swept> {
    const sweeper = new Sweeper(this.deps(changes));
    const swept = await sweeper.sweep(new AbortController().signal);
    await sweeper.close();
    return swept;
  }

  /** An upload as an api stores it. */
  async upload(changes: Partial<JobRequest> = {}): Promise<JobRequest> {
    const request = newRequest({ processor: "p", ...changes });
    await this.blobs.put(request.input.key, chunksOf("some input"));
    await writeManifest({ version: 1, request, settled: null }, this.blobs);
    return request;
  }

  async submitted(changes: Partial<JobRequest> = {}): Promise<JobRequest> {
    const request = await this.upload(changes);
    await this.queue.jobs.submit(request);
    return request;
  }

  consume(execute: (attempt: Attempt) => Promise<Outcome>): Consumer {
    return this.queue.attempts.consume("p", { slots: 1, workerId: "w", retry: RETRY }, execute);
  }

  /** Lets what waits run, and waits until the job has ended. */
  async run(request: JobRequest, outcome: Outcome): Promise<Job> {
    const consumer = this.consume(async () => outcome);
    const job = await waitFor(async () => {
      const found = await this.queue.jobs.get(request.id);
      return found?.finishedAt == null ? undefined : found;
    });
    await consumer.drain(0);
    return job;
  }

  /** A job that ended as told, its files as a worker leaves them that dies right then. */
  async ended(outcome: Outcome = FAILURE): Promise<JobRequest> {
    const request = await this.submitted();
    await this.run(request, outcome);
    return request;
  }

  /** A completed job with one artifact. */
  async completed(): Promise<{ request: JobRequest; artifact: Artifact }> {
    const request = await this.submitted();
    const artifact = await this.artifact(request);
    await this.run(request, { kind: "completed", result: { rows: 1 }, artifacts: [artifact] });
    return { request, artifact };
  }

  async artifact({ id }: JobRequest, folder = "1-abc"): Promise<Artifact> {
    const key = `jobs/${id}/${folder}/out.txt`;
    await this.blobs.put(key, chunksOf("x"));
    return {
      name: "out.txt",
      key,
      sizeBytes: 1,
      mediaType: "text/plain",
      sha256: "0".repeat(64),
      isPrimary: true,
    };
  }

  /** Redis forgets everything. */
  async forget(): Promise<void> {
    const keys = await this.client.keys(`*${this.prefix}*`);
    if (keys.length > 0) await this.client.del(...keys);
  }

  /** Redis forgets one job's record, but not where the job stood. */
  async evict({ id, processor }: JobRequest): Promise<void> {
    await this.client.del(`{${this.prefix}:${processor}}:${processor}:${id}`);
  }

  manifest(request: JobRequest): Promise<Manifest | undefined> {
    return readManifest(request.input.key, this.blobs);
  }

  job({ id }: Pick<JobRequest, "id">): Promise<Job | undefined> {
    return this.queue.jobs.get(id);
  }

  async status(request: Pick<JobRequest, "id">): Promise<string | undefined> {
    return (await this.job(request))?.status;
  }

  /** Keys of the store, without the file that tells the time. */
  async keys(prefix = ""): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of this.blobs.list(prefix)) if (!key.startsWith(".")) found.push(key);
    return found.sort();
  }
}

/** An end with what does not matter filled in. */
export function endOf(changes: Partial<JobEnd> = {}): JobEnd {
  return {
    ...{ status: "failed", at: Date.now(), attempt: 1, result: null, artifacts: [] },
    ...{ error: { code: "processor_error", message: "It broke.", retryable: true } },
    ...changes,
  };
}

export const newId = () => parseJobId(randomUUID());
