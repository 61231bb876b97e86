import type { JobRequest } from "@drover/core";
import { newRequest, type TestRedis, testRedis, waitFor } from "@drover/testkit";
import { type Job, Queue, Worker, type WorkerOptions } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { addOptions, queueKey } from "../src/bullmq/bullmq-internals.js";

/** A bench of the file's tests, each with an empty queue. To be called once in a file. */
export function bullTest(): BullBench {
  const bench = new BullBench();
  beforeAll(() => bench.connect());
  beforeEach(() => bench.open());
  afterAll(() => bench.disconnect());
  return bench;
}

/** BullMQ's own queue, without anything of ours, and a worker of it that takes a job when it is asked to. */
class BullBench {
  redis!: TestRedis;
  client!: Redis;
  prefix!: string;
  queue!: Queue;
  worker!: Worker;

  async connect(): Promise<void> {
    this.redis = await testRedis();
    this.client = new Redis(this.redis.url, { maxRetriesPerRequest: null });
  }

  /** @returns what closes it again. */
  open(): () => Promise<void> {
    this.prefix = `{${this.redis.prefix()}}`;
    this.queue = new Queue("copy", { connection: this.client, prefix: this.prefix });
    this.worker = this.startWorker({ autorun: false });
    return async () => {
      await this.worker.close();
      await this.queue.close();
    };
  }

  async disconnect(): Promise<void> {
    this.client.disconnect();
    await this.redis.stop();
  }

  /** Starts another worker, which whoever asked for it closes. */
  startWorker(options: Partial<WorkerOptions>, process = async (_job: Job, _token?: string) => {}): Worker {
    const { client: connection, prefix } = this;
    const worker = new Worker("copy", process, {
      ...{ connection, prefix, name: "w", stalledInterval: 1 },
      settings: { backoffStrategy: () => 60_000 },
      ...options,
    });
    worker.on("error", () => {});
    return worker;
  }

  key(nameOrId: string): string {
    return queueKey(this.prefix, "copy", nameOrId);
  }

  async add(change: Partial<JobRequest> = {}): Promise<JobRequest> {
    const request = newRequest(change);
    await this.queue.add("copy", { n: 1 }, addOptions(request));
    return request;
  }

  /** The worker takes the next job, with the token `T`. */
  async take(): Promise<Job> {
    const job = await this.worker.getNextJob("T", { block: false });
    if (job === undefined) throw new Error("There was no job to take.");
    return job;
  }

  /** The worker looks for jobs without a lock until the condition holds. */
  async untilChecked(condition: () => Promise<boolean>): Promise<void> {
    await waitFor(async () => {
      await Reflect.get(this.worker, "moveStalledJobsToWait").call(this.worker);
      return condition();
    });
  }

  /** The names of the fields of a job's hash, in order. */
  async fieldsOf(id: string): Promise<string[]> {
    return Object.keys(await this.client.hgetall(this.key(id))).sort();
  }
}
