import type { Log, QueuePorts } from "@drover/core";
import type { Queue } from "bullmq";
import { redisKeys } from "../keys.js";
import { RedisLink } from "../redis.js";
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
  /** How often a waiter for a change looks at the job although no event came, in ms. Default 1,000. Longer ones are for tests. */
  readonly lookAgainMs?: number;
}

/** A caller of `changed` looks again after this long even without an event: one may fall between its read and the call. */
const LOOK_AGAIN_MS = 1_000;

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
  const { url, log, random = Math.random, lease = LEASE_TIMES, lookAgainMs = LOOK_AGAIN_MS } = options;
  const keys = redisKeys(options.prefix);
  const link = new RedisLink(url, log);
  const catalogue = redisCatalogue(link, keys);
  const queues = new BullQueues(link, keys, url, log);
  const locator = new JobLocator(link, keys, catalogue);
  const consumerDeps = { url, keys, link, log, random, lease };
  return {
    jobs: new BullJobQueue({ link, keys, queues, locator, lookAgainMs }),
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
      await queues.close();
      link.close();
    },
  };
}
