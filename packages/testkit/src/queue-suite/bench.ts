import { randomBytes, randomUUID } from "node:crypto";
import {
  type Attempt,
  type ConsumeOptions,
  type Consumer,
  type Job,
  type JobId,
  type JobRequest,
  type JobStatus,
  type Outcome,
  parseJobId,
  type QueuePorts,
} from "@drover/core";
import { waitFor } from "../wait-for-state.js";
import { ManualConsumer } from "./manual-consumer.js";

/** What an adapter gives to each test of the suite. */
export interface QueueUnderTest {
  /** An empty queue. */
  readonly queue: QueuePorts;
  /** The same jobs as another process would see them: a second connection, or the same object when there is only this process. */
  readonly other: QueuePorts;
  close(): Promise<void>;
}

export type CreateQueue = () => Promise<QueueUnderTest>;

/** Wraps a test's body so that it gets a bench of its own. */
export type WithBench = (body: (bench: QueueBench) => Promise<void>) => () => Promise<void>;

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

/** Makes jobs, starts consumers and ends them with the test. */
export class QueueBench {
  readonly queue: QueuePorts;
  readonly other: QueuePorts;
  /** Unique to the test. */
  readonly processor = `p-${randomBytes(4).toString("hex")}`;
  readonly #consumers: Consumer[] = [];
  #createdAt = Date.now();

  constructor({ queue, other }: QueueUnderTest) {
    this.queue = queue;
    this.other = other;
  }

  /** A request with a random id, each a millisecond after the one before. */
  request(overrides: Partial<JobRequest> = {}): JobRequest {
    this.#createdAt += 1;
    const createdAt = overrides.createdAt ?? this.#createdAt;
    return {
      id: newJobId(),
      processor: this.processor,
      input: {
        key: "inputs/1/file",
        filename: "log.csv",
        sizeBytes: 3,
        mediaType: "text/csv",
        sha256: "00".repeat(32),
      },
      params: { timezone: "Europe/Lisbon" },
      tags: { course: "CS101" },
      priority: 0,
      runAt: null,
      maxAttempts: 3,
      timeoutMs: null,
      queueTimeoutMs: null,
      fingerprint: null,
      requestId: null,
      createdAt,
      ...overrides,
    };
  }

  submit(overrides: Partial<JobRequest> = {}): Promise<Job> {
    return this.queue.jobs.submit(this.request(overrides));
  }

  /** Starts a consumer of the bench's processor; one slot and no delay between attempts unless said otherwise. */
  consume(
    execute: (attempt: Attempt) => Promise<Outcome>,
    options: Partial<ConsumeOptions> & { readonly on?: QueuePorts; readonly processor?: string } = {},
  ): Consumer {
    const { on = this.queue, processor = this.processor, ...rest } = options;
    const consumer = on.attempts.consume(
      processor,
      { slots: 1, workerId: "worker-1", retry: NO_DELAY, ...rest },
      execute,
    );
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
    return waitFor(
      async () => {
        const job = await this.queue.jobs.get(id);
        return job?.status === status ? job : undefined;
      },
      { what: `job ${id} to be ${status}` },
    );
  }

  /** The job as it stands; throws when there is none. */
  async get(id: JobId): Promise<Job> {
    const job = await this.queue.jobs.get(id);
    if (job === undefined) throw new Error(`There is no job ${id}.`);
    return job;
  }

  /** Ends what runs and takes nothing more. */
  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.drain(0)));
  }
}

/** An id that no job has. */
export function newJobId(): JobId {
  return parseJobId(randomUUID());
}
