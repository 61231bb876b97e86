import {
  type EventSink,
  type Leases,
  type Log,
  NO_EVENTS,
  type QueuePorts,
  type SharedFacts,
} from "@drover/core";
import type { Queue } from "bullmq";
import { redisApiKeys } from "../access/redis-api-keys.js";
import { redisAudit } from "../access/redis-audit.js";
import { redisLimits, redisMinutes } from "../access/redis-limits.js";
import { redisSessions } from "../access/redis-sessions.js";
import { type RedisKeys, redisKeys } from "../redis-keys.js";
import { RedisLink } from "../redis-link.js";
import { redisEndpoints } from "../webhook-endpoints.js";
import { BullConsumer } from "./bull-consumer.js";
import { BullJobQueue } from "./bull-job-queue.js";
import { BullQueues } from "./bull-queues.js";
import { warnOfOtherRelease } from "./bullmq-internals.js";
import { redisDeliveries } from "./delivery-queue.js";
import { EventStreams } from "./event-streams.js";
import { redisFinishedJobs } from "./finished-jobs.js";
import { redisJobEnds } from "./job-ends.js";
import { JobLocator } from "./job-locator.js";
import { LEASE_TIMES, type LeaseTimes } from "./lease-times.js";
import { redisDeadlines } from "./queue-deadlines.js";
import { redisCatalogue } from "./redis-catalogue.js";
import { redisDispatch } from "./redis-dispatch.js";
import { redisHealth } from "./redis-health.js";
import { redisInstallation, redisLiveApis } from "./redis-installation.js";
import { redisStatistics } from "./redis-statistics.js";
import { redisStorageHistory } from "./redis-storage-history.js";
import { ServerClock } from "./server-clock.js";
import { SyncWait } from "./sync-wait.js";
import { tenantPorts } from "./tenant-ports.js";
import { RedisTenantUse } from "./tenant-use.js";

export interface QueueOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** First part of every key; letters, digits, "-" and "_". */
  readonly prefix: string;
  readonly log: Log;
  /** Told what happens to jobs and round trips. Default: nobody is. */
  readonly events?: EventSink;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Default `LEASE_TIMES`. Shorter ones are for tests. */
  readonly lease?: Partial<LeaseTimes>;
  /**
   * Where the server has no WAITAOF: how long after a write it is taken for synced, in ms. Default 6,000.
   * Shorter ones are for tests.
   */
  readonly syncDelayMs?: number;
  /**
   * How often a waiter for a change looks at the job although no event came, in ms. Default 1,000. Longer
   * ones are for tests.
   */
  readonly lookAgainMs?: number;
  /** Whether the bytes of the default tenant's jobs are counted, which a limit for it needs. Default false. */
  readonly countsDefaultBytes?: boolean;
}

/** 5 s over the second between two syncs of an append-only file that is synced `everysec`. */
const SYNC_DELAY_MS = 6_000;
/**
 * A caller of `changed` looks again after this long even without an event: one may fall between its read and
 * the call.
 */
const LOOK_AGAIN_MS = 1_000;

/** The queue on Redis through BullMQ, and its queues for the operators' board. */
export interface BullQueue extends QueuePorts {
  /**
   * BullMQ's queue of a processor, for Bull Board only.
   * @throws {redis_unavailable} while there is no connection.
   */
  boardQueue(processor: string): Queue;
}

/**
 * Connects to the queue's server, and returns at once: the connection is made in the background and remade
 * for ever, and what needs it meanwhile is refused with `redis_unavailable`. Consumers wait instead. Ends
 * with `close`.
 */
export function connectQueue(options: QueueOptions): BullQueue {
  const { url, log, random = Math.random, lookAgainMs = LOOK_AGAIN_MS, events = NO_EVENTS } = options;
  const lease = { ...LEASE_TIMES, ...options.lease };
  const keys = redisKeys(options.prefix);
  warnOfOtherRelease(log);
  const link = new RedisLink(url, log, events);
  const clock = new ServerClock(link, log);
  const now = () => clock.now();
  const sync = new SyncWait({ url, key: keys.synced, log, delayMs: options.syncDelayMs ?? SYNC_DELAY_MS });
  const catalogue = redisCatalogue(link, keys, log);
  const queues = new BullQueues(link, keys, log);
  const streams = new EventStreams({ link, keys, url, log });
  const locator = new JobLocator({ link, keys, catalogue });
  const use = new RedisTenantUse({ link, keys, countsDefault: options.countsDefaultBytes ?? false });
  const finished = redisFinishedJobs({ link, keys, locator, use, synced: sync.synced });
  const statistics = redisStatistics({ link, keys, now, use });
  const limits = redisLimits(link, keys);
  const consumerDeps = { url, keys, link, log, events, random, lease, now, limits };
  const jobDeps = { link, keys, queues, streams, locator, use, statistics, events, lookAgainMs, now };
  const deliveries = redisDeliveries({ ...consumerDeps, queues });
  return {
    jobs: new BullJobQueue(jobDeps),
    of: (tenant) => tenantPorts(tenant, { ...jobDeps, deliveries }),
    feed: streams,
    attempts: {
      consume: (processor, consumeOptions, execute) =>
        new BullConsumer(processor, consumeOptions, execute, consumerDeps),
    },
    catalogue,
    dispatch: redisDispatch({ link, keys, queues }),
    facts: redisFacts(link, keys),
    health: redisHealth(link, keys),
    installation: redisInstallation(link, keys),
    apis: redisLiveApis(link, keys),
    finished,
    leases: redisLeases(link, keys),
    deadlines: redisDeadlines({ link, keys, events, now }),
    statistics,
    webhooks: {
      endpoints: redisEndpoints({ link, keys }),
      deliveries,
      ends: redisJobEnds({ link, keys, locator, now }),
    },
    apiKeys: redisApiKeys(link, keys),
    limits,
    use,
    minutes: redisMinutes(link, keys),
    audit: redisAudit(link, keys),
    sessions: redisSessions(link, keys),
    storageHistory: redisStorageHistory({ link, keys, now }),
    clock: { now },
    boardQueue: (processor) => queues.queue(processor),
    async close() {
      clock.stop();
      sync.close();
      streams.close();
      await queues.close();
      link.close();
    },
  };
}

/** Facts as strings that expire. */
function redisFacts(link: RedisLink, keys: RedisKeys): SharedFacts {
  return {
    async set(name, value, ttlMs) {
      await link.use((client) => client.set(keys.fact(name), value, "PX", Math.max(1, Math.round(ttlMs))));
    },
    get: async (name) => (await link.use((client) => client.get(keys.fact(name)))) ?? undefined,
  };
}

/** Leases as strings that expire. */
function redisLeases(link: RedisLink, keys: RedisKeys): Leases {
  return {
    hold: async (name, holder, ttlMs) =>
      (await link.run("hold-lease", [keys.lease(name)], [holder, ttlMs])) === 1,
    async release(name, holder) {
      await link.run("release-lease", [keys.lease(name)], [holder]);
    },
  };
}
