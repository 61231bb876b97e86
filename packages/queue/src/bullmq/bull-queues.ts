import { DomainError, type Log } from "@drover/core";
import { type Job, type JobType, Queue } from "bullmq";
import { errorReporter } from "../redis-connections.js";
import { isServerTrouble } from "../redis-errors.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import { FAIL_FAST_QUEUE } from "./bullmq-internals.js";

/** Name of the queue of deliveries. */
export const DELIVERY_QUEUE = "webhooks";

/** BullMQ's queues in this process, one for a processor and one for deliveries, made when first used. */
export class BullQueues {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #log: Log;
  readonly #queues = new Map<string, Queue>();

  constructor(link: RedisLink, keys: RedisKeys, log: Log) {
    this.#link = link;
    this.#keys = keys;
    this.#log = log;
  }

  /**
   * The queue of a processor, for adding, retrying and removing, on the connection for requests.
   * @throws {redis_unavailable} while there is no connection.
   */
  queue(processor: string): Queue {
    return this.#queue(processor, this.#keys.queuePrefix(processor));
  }

  /** The queue of deliveries, likewise. */
  deliveries(): Queue {
    return this.#queue(DELIVERY_QUEUE, this.#keys.deliveryQueuePrefix);
  }

  #queue(name: string, prefix: string): Queue {
    const place = `${prefix} ${name}`;
    const known = this.#queues.get(place);
    if (known !== undefined) return known;
    if (this.#link.client.status !== "ready")
      throw new DomainError("redis_unavailable", "The queue's server cannot be reached just now.", {
        retryAfterS: 2,
      });
    const queue = new ReadableQueue(name, {
      connection: this.#link.client,
      prefix,
      ...FAIL_FAST_QUEUE,
    });
    queue.on("error", errorReporter(this.#log, `queue ${name}`));
    // One that could not be made ready refuses for ever, so the next caller gets a new one.
    queue.waitUntilReady().catch(() => {
      this.#queues.delete(place);
      return queue.close().catch(() => {}); // takes its listeners off the connection, which it does not own
    });
    this.#queues.set(place, queue);
    return queue;
  }

  async close(): Promise<void> {
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
