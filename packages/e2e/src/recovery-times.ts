import { setTimeout as sleep } from "node:timers/promises";
import { chaosProxy } from "@drover/testkit";
import { seededRandom } from "./faults.js";
import { System } from "./system.js";

/** What strikes in turn, and for how long in ms. Those of Redis strike all processes at once. */
const STRIKES = [
  ["kill a worker", 0],
  ["cut", 2_000],
  ["silence", 4_000],
  ["stop Redis", 4_000],
  ["kill a worker", 0],
  ["cut", 6_000],
  ["silence", 12_000],
  ["stop Redis", 12_000],
] as const;

export interface RecoveryOptions {
  readonly seed: number;
  readonly faults: number;
  readonly print: (line: string) => void;
}

export interface RecoveryReport {
  /** How long each 503 took, in ms. */
  readonly refusalsMs: readonly number[];
  /** From each fault, or from its healing, until every job that was running runs on or again, in ms. */
  readonly recoveriesMs: readonly number[];
  /** Answers other than success, 503 and a broken connection. */
  readonly complaints: readonly string[];
}

const RUNNING = 6;
/** A job that does not run again by then counts with this time, in ms. */
const GIVE_UP_MS = 60_000;

/**
 * Lets faults strike one after another, and measures: how long a request waits for its 503, and how long
 * running jobs stand still. With the lease of production. A job runs again when it reports progress that is
 * newer than the fault, or than its healing.
 */
export async function measureRecovery(options: RecoveryOptions): Promise<RecoveryReport> {
  const random = seededRandom(options.seed);
  const proxies: Awaited<ReturnType<typeof chaosProxy>>[] = [];
  const system = await System.start({
    apis: 1,
    workers: 3,
    hasRealLease: true,
    env: { DROVER_CONCURRENCY: `${RUNNING / 2}` }, // two workers can run all of them, and one alone cannot
    redisUrlFor: async (url) => {
      const proxy = await chaosProxy(url);
      proxies.push(proxy);
      return proxy.url;
    },
  });
  const stop = new AbortController();
  const refusalsMs: number[] = [];
  const recoveriesMs: number[] = [];
  const complaints: string[] = [];
  const probes = PATHS.map((path) => probe(system, path, { refusalsMs, complaints, signal: stop.signal }));
  try {
    for (let n = 0; n < options.faults; n++) {
      const [fault, lastsMs] = STRIKES[n % STRIKES.length] ?? STRIKES[0];
      const jobs = await startJobs(system);
      await sleep(random() * 1_000);
      await strike(system, proxies, { fault, lastsMs, random });
      const tookMs = await recovered(system, jobs);
      recoveriesMs.push(tookMs);
      options.print(
        `${`${n + 1}`.padStart(3)}  ${fault.padEnd(14)} ${lastsMs} ms: ran again after ${Math.round(tookMs)} ms; slowest 503 so far ${Math.round(Math.max(0, ...refusalsMs))} ms`,
      );
      for (const id of jobs) await system.client().cancel(id);
      if (fault === "kill a worker") await system.startWorker();
    }
  } finally {
    stop.abort();
    await Promise.all(probes);
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await system.stop();
  }
  return { refusalsMs, recoveriesMs, complaints };
}

async function startJobs(system: System): Promise<readonly string[]> {
  const client = system.client();
  const submits = Array.from({ length: RUNNING }, (_, i) =>
    client.submit("digest", new Blob([`${i}`]), { params: { ms: 600_000 } }),
  );
  const ids = (await Promise.all(submits)).map((job) => job.job_id);
  await recovered(system, ids, 0);
  return ids;
}

async function strike(
  system: System,
  proxies: readonly Awaited<ReturnType<typeof chaosProxy>>[],
  { fault, lastsMs, random }: { fault: string; lastsMs: number; random: () => number },
): Promise<void> {
  if (fault === "kill a worker") {
    const running = system.workers.filter((worker) => worker.isRunning);
    await running[Math.floor(random() * running.length)]?.kill();
  } else if (fault === "stop Redis") {
    process.kill(system.redis.pid, "SIGSTOP");
    await sleep(lastsMs);
    process.kill(system.redis.pid, "SIGCONT");
  } else {
    for (const proxy of proxies) proxy[fault === "cut" ? "cut" : "silence"]();
    await sleep(lastsMs);
    for (const proxy of proxies) proxy.heal();
  }
}

/**
 * Time until every job has reported progress after `since`, ms since the epoch; returns how long that took
 * from now.
 */
async function recovered(system: System, ids: readonly string[], since = Date.now()): Promise<number> {
  const startedAt = performance.now();
  const still = new Set(ids);
  while (still.size > 0 && performance.now() - startedAt < GIVE_UP_MS) {
    for (const id of still) {
      const job = await system
        .client()
        .get(id)
        .catch(() => undefined); // a 503: later
      if (job?.status === "running" && job.progress > 0 && Date.parse(job.updated_at) > since)
        still.delete(id);
    }
    await sleep(50);
  }
  return performance.now() - startedAt;
}

const PATHS = [
  "/api/jobs?limit=5",
  "/api/jobs/12345678-1234-1234-1234-123456789abc",
  "/readyz",
  "submit",
] as const;

/** Asks again and again until the signal aborts. */
async function probe(
  system: System,
  path: (typeof PATHS)[number],
  { refusalsMs, complaints, signal }: { refusalsMs: number[]; complaints: string[]; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const startedAt = performance.now();
    const status = await (path === "submit" ? submit(system) : ask(system.url() + path)).catch(String);
    const tookMs = performance.now() - startedAt;
    if (status === 503) refusalsMs.push(tookMs);
    if (status === 503 && tookMs > 2_000) complaints.push(`${path}: 503 after ${Math.round(tookMs)} ms`);
    if (typeof status === "string" || (status >= 500 && status !== 503))
      complaints.push(`${path}: ${status} after ${Math.round(tookMs)} ms`);
    await sleep(100);
  }
}

async function ask(url: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  return response.status;
}

function submit(system: System): Promise<number> {
  const body = new FormData();
  body.append("file", new Blob(["x"]), "x.txt");
  return ask(`${system.url()}/api/processors/noop-in-process/jobs`, { method: "POST", body });
}
