import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { descendants } from "../src/drover-process.js";
import { System } from "../src/index.js";
import { cpuTimeMs } from "./cpu-time.js";
import type { Figure } from "./print.js";
import { callsBetween, redisUse, slowest, watchSlow } from "./redis-figures.js";

const WORKER = fileURLToPath(new URL("../../../apps/worker/dist/main.js", import.meta.url));

/**
 * One whole sweep over what is kept, by the command that sweeps once: what the sweeping worker does in turns
 * of 20 s.
 */
export async function* measureSweep(
  system: System,
  client: Redis,
  { kept }: { readonly kept: number },
): AsyncGenerator<Figure> {
  await watchSlow(client);
  const before = await redisUse(client);
  const startedAt = performance.now();
  const child = spawn(process.execPath, [WORKER, "reconcile"], {
    env: { PATH: process.env["PATH"], LOG_LEVEL: "warn", ...system.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += String(chunk);
  });
  let cpuMs = 0;
  const timer = setInterval(() => {
    cpuMs = cpuTimeMs(child.pid ?? 0) ?? cpuMs; // the last look before it ends
  }, 100);
  const [code] = (await once(child, "exit")) as [number | null];
  clearInterval(timer);
  const wallMs = performance.now() - startedAt;
  if (code !== 0) throw new Error(`The sweep ended with ${code}: ${said}`);
  const after = await redisUse(client);
  const { calls } = callsBetween(before, after);
  const redisMs = after.cpuMs - before.cpuMs;
  const { ms, what } = await slowest(client);
  yield {
    name: `one sweep over ${kept.toLocaleString("en")} kept jobs`,
    value:
      `${(wallMs / 1_000).toFixed(1)} s; CPU ${(cpuMs / 1_000).toFixed(1)} s, of Redis ` +
      `${(redisMs / 1_000).toFixed(1)} s in ${calls.toLocaleString("en")} commands; Redis held for ` +
      `${ms.toFixed(2)} ms at most (${what}); ${said.trim()}`,
    data: { wallMs, cpuMs, redisCpuMs: redisMs, commands: calls, longestMs: ms },
  };
}

const WORKERS = 10;

/** Workers that have nothing to do: what they cost Redis, and what one of them costs its host. */
export async function* measureIdle(seconds: number): AsyncGenerator<Figure> {
  const system = await System.start({
    apis: 0,
    workers: WORKERS,
    processors: ["digest"],
    env: { LOG_LEVEL: "warn" },
    hasRealLease: true,
  });
  const client = new Redis(system.redis.url);
  try {
    await sleep(5_000);
    const cpuOf = () => system.workers.map(({ pid }) => cpuTimeMs(pid) ?? 0).reduce((sum, ms) => sum + ms, 0);
    const before = { redis: await redisUse(client), cpuMs: cpuOf() };
    await sleep(seconds * 1_000);
    const after = { redis: await redisUse(client), cpuMs: cpuOf() };
    const sent = await commandsByPurpose(client, seconds);
    const total = [...sent.values()].reduce((sum, count) => sum + count, 0) / seconds;
    const inScripts = callsBetween(before.redis, after.redis).calls / seconds;
    const redisPercent = (after.redis.cpuMs - before.redis.cpuMs) / (seconds * 10);
    yield {
      name: `${WORKERS} idle workers: Redis`,
      value:
        `${total.toFixed(0)} commands/s sent, ${inScripts.toFixed(0)}/s with those in scripts; ` +
        `${redisPercent.toFixed(2)} % of a core`,
      data: { sentPerSecond: total, commandsPerSecond: inScripts, redisCpuPercent: redisPercent },
    };
    for (const [purpose, count] of [...sent].sort(([, a], [, b]) => b - a)) {
      const perSecond = count / seconds;
      yield { name: `  ${purpose}`, value: `${perSecond.toFixed(1)} commands/s`, data: { perSecond } };
    }
    const workerPercent = (after.cpuMs - before.cpuMs) / WORKERS / (seconds * 10);
    const [own, all] = await residentBytes(system.workers[0]?.pid ?? 0);
    yield {
      name: "one idle worker",
      value:
        `${workerPercent.toFixed(2)} % of a core; ${mib(own)} MiB, ${mib(all)} MiB with its children ` +
        "(one processor)",
      data: { cpuPercent: workerPercent, ownBytes: own, allBytes: all },
    };
  } finally {
    client.disconnect();
    await system.stop();
  }
}

/** What the commands that clients send are for; the first that fits. */
const PURPOSES: readonly (readonly [purpose: string, pattern: RegExp])[] = [
  ["blocking takes", /^bzpopmin /],
  ["stalled checks", /:stalled-check/],
  ["takes", /^(evalsha|eval) .*:(wait|active|marker)/],
  ["heartbeats", /^evalsha .*\}:workers/],
  ["storage: which apis live", /\}:apis/],
  ["installation", /\}:installation/],
  ["sweeper's lease", /\}:lease:/],
  ["clock", /^time$/],
  ["watch of connections", /^ping$/],
];

async function commandsByPurpose(client: Redis, seconds: number): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const monitor = await client.monitor();
  monitor.on("monitor", (_time: string, args: readonly string[], source: string) => {
    if (source === "lua") return;
    const line = [args[0]?.toLowerCase() ?? "", ...args.slice(1)].join(" ");
    const purpose = PURPOSES.find(([, pattern]) => pattern.test(line))?.[0] ?? `other: ${line.split(" ")[0]}`;
    counts.set(purpose, (counts.get(purpose) ?? 0) + 1);
  });
  await sleep(seconds * 1_000);
  monitor.disconnect();
  return counts;
}

/** Resident memory of a process, and of it with its descendants, in bytes. */
async function residentBytes(pid: number): Promise<readonly [number, number]> {
  const sizes = await Promise.all(
    [pid, ...(await descendants(pid))].map(async (each) => {
      const status = await readFile(`/proc/${each}/status`, "utf8").catch(() => "");
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1_024;
    }),
  );
  return [sizes[0] ?? 0, sizes.reduce((sum, bytes) => sum + bytes, 0)];
}

const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(0);
