import {
  type Catalogue,
  type Leases,
  type Log,
  MAX_CATALOGUE_ENTRY_BYTES,
  type QueueHealth,
  type QueueServer,
  type SharedFacts,
} from "@drover/core";
import { decodeProcessorInfo, decodeWorkerInfo, encodeEntry } from "../catalogue-entry.js";
import type { RedisKeys } from "../keys.js";
import { type RedisLink, rateLimited } from "../redis.js";

const WORKER_TTL_MS = 15_000;
const PROCESSOR_TTL_MS = 7 * 86_400_000;

/** Heartbeats in two hashes, stamped and judged by the server's clock. */
export function redisCatalogue(link: RedisLink, keys: RedisKeys, log: Log): Catalogue {
  const hashes = [keys.workers, keys.processors];
  const report = rateLimited(log, "catalogue");
  return {
    async announce(worker, processors) {
      const entries = processors.flatMap((processor) => [processor.name, encodeEntry(processor)]);
      await link.run("announce", hashes, [worker.id, encodeEntry(worker), PROCESSOR_TTL_MS, ...entries]);
    },
    async withdraw(workerId) {
      await link.use((client) => client.hdel(keys.workers, workerId));
    },
    async read() {
      const [workers, processors] = (await link.run("catalogue", hashes, [
        WORKER_TTL_MS,
        PROCESSOR_TTL_MS,
      ])) as [string[], string[]];
      const found = {
        workers: workers.flatMap(decodeWorkerInfo),
        processors: processors.flatMap(decodeProcessorInfo),
      };
      const ignored = workers.length + processors.length - found.workers.length - found.processors.length;
      if (ignored > 0)
        report(
          `${ignored} entries are ignored: over ${MAX_CATALOGUE_ENTRY_BYTES} bytes, or not what a worker writes`,
        );
      return { ...found, processors: found.processors.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    },
  };
}

/** Facts as strings that expire. */
export function redisFacts(link: RedisLink, keys: RedisKeys): SharedFacts {
  return {
    async set(name, value, ttlMs) {
      await link.use((client) => client.set(keys.fact(name), value, "PX", Math.max(1, Math.round(ttlMs))));
    },
    get: async (name) => (await link.use((client) => client.get(keys.fact(name)))) ?? undefined,
  };
}

/** Leases as strings that expire. */
export function redisLeases(link: RedisLink, keys: RedisKeys): Leases {
  return {
    hold: async (name, holder, ttlMs) =>
      (await link.run("hold-lease", [keys.lease(name)], [holder, ttlMs])) === 1,
    async release(name, holder) {
      await link.run("release-lease", [keys.lease(name)], [holder]);
    },
  };
}

/** How the server does, by PING and INFO. */
export function redisHealth(link: RedisLink, keys: RedisKeys): QueueHealth {
  return {
    async ping() {
      await link.use((client) => client.ping());
    },
    inspect: () =>
      link.use(async (client) => {
        const info = parseInfo(await client.info());
        const fsync = await client.config("GET", "appendfsync").catch(() => undefined); // hosted servers refuse CONFIG
        const save = await client.config("GET", "save").catch(() => undefined);
        return describeServer(info, configValue(fsync), configValue(save));
      }),
    async depth(processor) {
      const lists = await link.use((client) =>
        Promise.all([
          client.llen(keys.queue(processor, "active")),
          client.llen(keys.queue(processor, "wait")),
          client.llen(keys.queue(processor, "paused")),
          client.zcard(keys.queue(processor, "prioritized")),
          client.zcard(keys.queue(processor, "delayed")),
        ]),
      );
      const [running, ...waiting] = lists;
      return { running, queued: waiting.reduce((sum, length) => sum + length, 0) };
    },
  };
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

function configValue(answer: unknown): string | undefined {
  return Array.isArray(answer) && typeof answer[1] === "string" ? answer[1] : undefined;
}

function describeServer(
  info: ReadonlyMap<string, string>,
  fsync: string | undefined,
  save: string | undefined,
): QueueServer {
  return {
    version: info.get("valkey_version") ?? info.get("redis_version") ?? "unknown",
    runId: info.get("run_id") ?? "unknown",
    durability: durabilityOf(info.get("aof_enabled") === "1", fsync, save),
    evictionPolicy: info.get("maxmemory_policy") ?? "unknown",
    usedMemoryBytes: Number(info.get("used_memory") ?? 0),
    maxMemoryBytes: Number(info.get("maxmemory") ?? 0),
  };
}

function durabilityOf(
  hasAof: boolean,
  fsync: string | undefined,
  save: string | undefined,
): QueueServer["durability"] {
  if (hasAof)
    return fsync === "always"
      ? "always"
      : fsync === undefined || fsync === "everysec"
        ? "everysec"
        : "unknown";
  if (save === undefined) return "unknown";
  return save === "" ? "none" : "snapshots";
}
