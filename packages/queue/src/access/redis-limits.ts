import type { MinuteCounter, OwnLimits, TenantLimitStore } from "@drover/core";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { isObject } from "../record-checks.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

/** Limits of tenants in a hash, as JSON. One that cannot be read is as if it were not there. */
export function redisLimits(link: RedisLink, keys: RedisKeys): TenantLimitStore {
  return {
    async read() {
      const entries = Object.entries(await link.use((client) => client.hgetall(keys.limits)));
      return new Map(entries.flatMap(([tenant, json]) => decodeLimits(json).map((own) => [tenant, own])));
    },
    async set(tenant, limits) {
      await link.use((client) => client.hset(keys.limits, tenant, JSON.stringify(limits)));
    },
    async remove(tenant) {
      await link.use((client) => client.hdel(keys.limits, tenant));
    },
  };
}

const LIMITS = ["requestsPerMinute", "queuedJobs", "runningJobs", "storedBytes"] as const;

function decodeLimits(json: string): readonly OwnLimits[] {
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value)) return [];
    const isLimit = (limit: unknown) => limit === null || (Number.isSafeInteger(limit) && Number(limit) >= 0);
    return [
      Object.fromEntries(LIMITS.flatMap((name) => (isLimit(value[name]) ? [[name, value[name]]] : []))),
    ];
  } catch {
    return [];
  }
}

/** Counts that live for a minute from their first. */
export function redisMinutes(link: RedisLink, keys: RedisKeys): MinuteCounter {
  const limiter = new RateLimiterRedis({
    storeClient: link.client,
    keyPrefix: keys.minutes,
    points: Number.MAX_SAFE_INTEGER, // whoever counts decides
    duration: 60,
  });
  return {
    async count(name) {
      const { consumedPoints, msBeforeNext } = await link.use(() => limiter.consume(name, 1));
      return { count: consumedPoints, resetMs: msBeforeNext };
    },
  };
}
