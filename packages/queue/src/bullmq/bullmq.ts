import type { Log, QueuePorts } from "@drover/core";
import type { Queue } from "bullmq";
import { redisKeys } from "../keys.js";
import { patientConnection, RedisLink } from "../redis.js";
import { BullConsumer } from "./consumer.js";
import { BullJobQueue } from "./job-queue.js";
import { LEASE_TIMES, type LeaseTimes } from "./lease.js";
import { JobLocator } from "./locator.js";
import { BullQueues } from "./queues.js";
import { redisInstallation, redisLiveApis } from "./redis-installation.js";
import { redisCatalogue, redisClaims, redisFacts, redisFinishedJobs, redisHealth } from "./shared.js";

export interface QueueOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** First part of every key; letters, digits, "-" and "_". */
  readonly prefix: string;
  readonly log: Log;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Default 8 s and 2.5 s. Shorter ones are for tests. */
  readonly lease?: LeaseTimes;
}

/** The queue on Redis through BullMQ, and its queues for the operators' board. */
export interface BullQueue extends QueuePorts {
  /** BullMQ's queue of a processor, for Bull Board only. Throws `redis_unavailable` while there is no connection. */
  boardQueue(processor: string): Queue;
}

/**
 * Connects to the queue's server. Answers at once: the connection is made in the background and remade for ever, and what needs it
 * meanwhile is refused with `redis_unavailable`. Consumers wait instead. Ends with `close`.
 */
export function connectQueue(options: QueueOptions): BullQueue {
  const { url, log, random = Math.random, lease = LEASE_TIMES } = options;
  const keys = redisKeys(options.prefix);
  const link = new RedisLink(url, log);
  const catalogue = redisCatalogue(link, keys, log);
  const queues = new BullQueues(link, keys, url, log);
  const locator = new JobLocator(link, keys, catalogue);
  const signals = new CancelSignals(() => patientConnection(url, log, "cancel signals"), keys.cancelChannel);
  const consumerDeps = { url, keys, link, log, random, lease, onCancelSignal: signals.listen };
  return {
    jobs: new BullJobQueue({ link, keys, queues, locator }),
    attempts: {
      consume: (processor, consumeOptions, execute) =>
        new BullConsumer(processor, consumeOptions, execute, consumerDeps),
    },
    catalogue,
    keys: redisClaims(link, keys),
    facts: redisFacts(link, keys),
    health: redisHealth(link, keys),
    finished: redisFinishedJobs(link, keys),
    installation: redisInstallation(link, keys),
    apis: redisLiveApis(link, keys),
    boardQueue: (processor) => queues.queue(processor),
    async close() {
      signals.close();
      await queues.close();
      link.close();
    },
  };
}

/** The fast half of cancelling: a channel that every process with consumers listens to. Missing a message costs half a second. */
class CancelSignals {
  readonly #connect: () => ReturnType<typeof patientConnection>;
  readonly #channel: string;
  readonly #listeners = new Set<(id: string) => void>();
  #connection: ReturnType<typeof patientConnection> | undefined;

  constructor(connect: () => ReturnType<typeof patientConnection>, channel: string) {
    this.#connect = connect;
    this.#channel = channel;
  }

  readonly listen = (listener: (id: string) => void): (() => void) => {
    this.#listeners.add(listener);
    this.#connection ??= this.#subscribe();
    return () => this.#listeners.delete(listener);
  };

  close(): void {
    this.#connection?.disconnect();
  }

  #subscribe(): ReturnType<typeof patientConnection> {
    const connection = this.#connect();
    connection.on("message", (_channel: string, id: string) => {
      for (const listener of [...this.#listeners]) listener(id);
    });
    connection.subscribe(this.#channel).catch(() => {}); // closed before it was connected
    return connection;
  }
}
