import type {
  Attempt,
  ConsumeOptions,
  Consumer,
  Job,
  JobId,
  JobRequest,
  JobStatus,
  Outcome,
  QueuePorts,
} from "@drover/core";
import { newRequest, silentLog, type TestRedis, testRedis, waitFor } from "@drover/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { type BullQueue, connectQueue, type QueueOptions } from "../src/index.js";

/** Failed attempts are followed by the next one at once. */
const NO_DELAY = { baseDelayMs: 0, maxDelayMs: 0 };

/** A success. */
export const COMPLETED: Outcome = { kind: "completed", result: { ok: true }, artifacts: [] };

/** A failure that another attempt may mend. */
export const FAILED: Extract<Outcome, { kind: "failed" }> = {
  kind: "failed",
  code: "processor_error",
  message: "It broke.",
  retryable: true,
};

/** A queue, and a bare connection to the Redis that it is on. */
export interface QueueOnRedis {
  readonly queue: BullQueue;
  readonly client: Redis;
  /** What the queue is made of; another one with it is on the same keys. */
  readonly options: QueueOptions;
  readonly prefix: string;
}

/**
 * For tests that look at what Redis holds: each gets an empty queue. To be called once in a file.
 * @returns what the running test has.
 */
export function queueOnRedis(change: Partial<QueueOptions> = {}): QueueOnRedis {
  let redis: TestRedis;
  let client: Redis;
  const on = {} as { -readonly [Member in keyof QueueOnRedis]: QueueOnRedis[Member] }; // filled before each test
  beforeAll(async () => {
    redis = await testRedis();
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });
  beforeEach(async () => {
    const prefix = redis.prefix();
    const options = { url: redis.url, prefix, log: silentLog, ...change };
    const queue = connectQueue(options);
    Object.assign(on, { queue, client, options, prefix });
    await queue.health.ping();
    return () => queue.close();
  });
  return on;
}

/**
 * `it` whose tests get a bench of their own. To be called once in a file: it starts the Redis that the file's
 * tests share, each under a prefix of its own.
 */
export function queueTest() {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await testRedis();
  });
  afterAll(() => redis.stop());
  return test.extend("bench", async ({ task: _ }, { onCleanup }) => {
    const options = { url: redis.url, prefix: redis.prefix(), log: silentLog };
    const bench = new QueueBench(connectQueue(options), connectQueue(options));
    onCleanup(() => bench.close());
    return bench;
  });
}

/** An empty queue as two processes see it. Makes jobs, starts consumers and ends them with the test. */
export class QueueBench {
  readonly queue: QueuePorts;
  /** The same jobs over a second connection. */
  readonly other: QueuePorts;
  readonly processor = "copy";
  readonly #consumers: Consumer[] = [];
  #createdAt = Date.now();

  constructor(queue: QueuePorts, other: QueuePorts) {
    this.queue = queue;
    this.other = other;
  }

  /** A request with a random id, each a millisecond after the one before. */
  request(change: Partial<JobRequest> = {}): JobRequest {
    this.#createdAt += 1;
    const params = { timezone: "Europe/Lisbon" };
    return newRequest({ params, tags: { course: "CS101" }, createdAt: this.#createdAt, ...change });
  }

  submit(change: Partial<JobRequest> = {}): Promise<Job> {
    return this.queue.jobs.submit(this.request(change));
  }

  /**
   * Starts a consumer of the bench's processor; one slot and no delay between attempts unless said otherwise.
   */
  consume(
    execute: (attempt: Attempt) => Promise<Outcome>,
    options: Partial<ConsumeOptions> & { readonly on?: QueuePorts } = {},
  ): Consumer {
    const { on = this.queue, ...rest } = options;
    const all = { slots: 1, workerId: "worker-1", retry: NO_DELAY, ...rest };
    const consumer = on.attempts.consume(this.processor, all, execute);
    this.#consumers.push(consumer);
    return consumer;
  }

  /** Starts a consumer whose attempts wait until the test ends them. */
  consumeManually(options: Parameters<QueueBench["consume"]>[1] = {}): ManualConsumer {
    const manual = new ManualConsumer();
    this.consume(manual.execute, options);
    return manual;
  }

  /** The job, once it has the status. */
  until(id: JobId, status: JobStatus): Promise<Job> {
    const reached = async () => {
      const job = await this.queue.jobs.get(id);
      return job?.status === status ? job : undefined;
    };
    return waitFor(reached, { what: `job ${id} to be ${status}` });
  }

  /**
   * The job as it stands.
   * @throws {Error} when there is none.
   */
  async get(id: JobId): Promise<Job> {
    const job = await this.queue.jobs.get(id);
    if (job === undefined) throw new Error(`There is no job ${id}.`);
    return job;
  }

  /** Ends what runs, takes nothing more and closes both connections. */
  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.drain(0)));
    await Promise.all([this.queue.close(), this.other.close()]);
  }
}

/** An attempt that waits for the test to say how it ends. */
export interface HeldAttempt {
  readonly attempt: Attempt;
  end(outcome: Outcome): void;
}

/**
 * An `execute` in a test's hands: each attempt is held until the test ends it. One that is told to stop ends
 * by itself as a real one would: `cancelled` for a cancel, `released` for anything else.
 */
export class ManualConsumer {
  readonly #held: HeldAttempt[] = [];
  #taken = 0;

  /** Number of attempts that were started. */
  get started(): number {
    return this.#held.length;
  }

  readonly execute = (attempt: Attempt): Promise<Outcome> =>
    new Promise((resolve) => {
      const stop = () => resolve({ kind: attempt.signal.reason === "cancelled" ? "cancelled" : "released" });
      attempt.signal.addEventListener("abort", stop);
      if (attempt.signal.aborted) stop();
      this.#held.push({ attempt, end: resolve });
    });

  /** The next attempt that starts, or that started and was not asked for yet. */
  next(): Promise<HeldAttempt> {
    const index = this.#taken++;
    return waitFor(() => this.#held[index], { what: `attempt ${index + 1} of the test to start` });
  }
}
