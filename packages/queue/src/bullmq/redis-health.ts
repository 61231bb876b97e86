import { type JobId, MAX_PRIORITY, MIN_PRIORITY, type QueueHealth, type QueueServer } from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import { DELAYED_SCORES_PER_MS, type QueueKey, SCORES_PER_PRIORITY } from "./bullmq-internals.js";

/** Keys of `figures.lua`. */
const FIGURE_KEYS = [
  "active",
  "wait",
  "paused",
  "prioritized",
  "delayed",
  "completed",
  "failed",
] as const satisfies readonly QueueKey[];

/** As `figures.lua` answers. */
type Figures = [number, number, number, number, number, number, number, number];

/** How the server does, by PING and INFO. */
export function redisHealth(link: RedisLink, keys: RedisKeys): QueueHealth {
  return {
    async ping() {
      await link.use((client) => client.ping());
    },
    inspect: () =>
      link.use(async (client) => {
        const info = parseInfo(await client.info());
        // Hosted servers refuse CONFIG.
        const fsync = await client.config("GET", "appendfsync").catch(() => undefined);
        const save = await client.config("GET", "save").catch(() => undefined);
        return describeServer(info, configValue(fsync), configValue(save));
      }),
    async depth(processor) {
      const scriptKeys = keys.queueAll(processor, ["active", "wait", "paused", "prioritized", "delayed"]);
      const [running, queued] = (await link.run("depth", scriptKeys, [])) as [number, number];
      return { running, queued };
    },
    async figures(processor) {
      const jobKeys = keys.job(processor, "" as JobId); // how all of them begin
      const args = [jobKeys, DELAYED_SCORES_PER_MS, SCORES_PER_PRIORITY, MAX_PRIORITY - MIN_PRIORITY + 1];
      const answer = await link.run("figures", keys.queueAll(processor, FIGURE_KEYS), args);
      const [waiting, prioritized, delayed, active, completed, failed, now, since] = answer as Figures;
      const oldestWaitingMs = since === 0 ? 0 : Math.max(0, now - since);
      return { waiting, prioritized, delayed, active, completed, failed, oldestWaitingMs };
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
  if (hasAof && fsync === undefined) return "aof";
  if (hasAof) return fsync === "always" || fsync === "everysec" ? fsync : "unknown";
  if (save === undefined) return "unknown";
  return save === "" ? "none" : "snapshots";
}
