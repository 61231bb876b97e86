import { DomainError, type JobId, type Log } from "@drover/core";
import { type Job, type JobType, Queue, QueueEvents } from "bullmq";
import { errorReporter, patientConnection } from "../redis-connections.js";
import { isServerTrouble } from "../redis-errors.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import { FAIL_FAST_QUEUE, JOB_EVENTS } from "./bullmq-internals.js";
import { LEASE_TIMES } from "./lease-times.js";

/** BullMQ's queues and event readers of this process, one of each for a processor, made when first used. */
export class BullQueues {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #url: string;
  readonly #log: Log;
  readonly #queues = new Map<string, Queue>();
  readonly #readers = new Map<string, EventReader>();

  constructor(link: RedisLink, keys: RedisKeys, url: string, log: Log) {
    this.#link = link;
    this.#keys = keys;
    this.#url = url;
    this.#log = log;
  }

  /**
   * The queue of a processor, for adding, retrying and removing, on the connection for requests.
   * @throws {redis_unavailable} while there is no connection.
   */
  queue(processor: string): Queue {
    const known = this.#queues.get(processor);
    if (known !== undefined) return known;
    if (this.#link.client.status !== "ready")
      throw new DomainError("redis_unavailable", "The queue's server cannot be reached just now.", {
        retryAfterS: 2,
      });
    const queue = new ReadableQueue(processor, {
      connection: this.#link.client,
      prefix: this.#keys.queuePrefix(processor),
      ...FAIL_FAST_QUEUE,
    });
    queue.on("error", errorReporter(this.#log, `queue ${processor}`));
    // One that could not be made ready refuses for ever, so the next caller gets a new one.
    queue.waitUntilReady().catch(() => {
      this.#queues.delete(processor);
      return queue.close().catch(() => {}); // takes its listeners off the connection, which it does not own
    });
    this.#queues.set(processor, queue);
    return queue;
  }

  /** Resolves at the next event of the job, or when the signal aborts. */
  async nextEvent(processor: string, id: JobId, signal: AbortSignal): Promise<void> {
    let reader = this.#readers.get(processor);
    if (reader === undefined) {
      reader = new EventReader(processor, this.#keys.queuePrefix(processor), this.#url, this.#log);
      this.#readers.set(processor, reader);
    }
    await reader.next(id, signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()));
    await Promise.all([...this.#queues.values()].map((queue) => queue.close().catch(() => {})));
  }
}

/**
 * A queue that answers the jobs that can be read: BullMQ's own answers none, and Bull Board no page, where
 * one is damaged.
 */
class ReadableQueue extends Queue {
  override async getJob(id: string): Promise<Job | undefined> {
    try {
      return (await super.getJob(id)) as Job | undefined;
    } catch (error) {
      if (isServerTrouble(error)) throw error;
      return undefined;
    }
  }

  override async getJobs(types?: JobType[] | JobType, start = 0, end = -1, asc = false): Promise<Job[]> {
    const ids = await this.getRanges([types ?? ALL_TYPES].flat(), start, end, asc);
    const jobs = await Promise.all([...new Set(ids)].map((id) => this.getJob(id)));
    return jobs.filter((job) => job !== undefined);
  }
}

const ALL_TYPES: JobType[] = ["active", "waiting", "prioritized", "delayed", "completed", "failed"];

/** Reads the events of one queue over a connection of its own and wakes who waits for a job. */
class EventReader {
  readonly #events: QueueEvents;
  readonly #connection: ReturnType<typeof patientConnection>;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(processor: string, prefix: string, url: string, log: Log) {
    this.#connection = patientConnection(url, log, { purpose: `events of ${processor}` });
    this.#events = new QueueEvents(processor, {
      connection: this.#connection,
      prefix,
      skipVersionCheck: true,
      blockingTimeout: LEASE_TIMES.blockMs,
    });
    this.#events.on("error", errorReporter(log, `events of ${processor}`));
    for (const event of JOB_EVENTS)
      this.#events.on(event, ({ jobId }: { jobId: string }) => this.#wake(jobId));
  }

  next(id: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting);
      const done = () => {
        waiting.delete(done);
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
        signal.removeEventListener("abort", done);
        resolve();
      };
      waiting.add(done);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }

  async close(): Promise<void> {
    await this.#events.close().catch(() => {});
    this.#connection.disconnect();
  }

  #wake(id: string): void {
    for (const done of [...(this.#waiting.get(id) ?? [])]) done();
  }
}
