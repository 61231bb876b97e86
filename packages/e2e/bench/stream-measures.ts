import { once } from "node:events";
import { readFileSync } from "node:fs";
import { waitFor } from "@drover/testkit";
import { Redis } from "ioredis";
import { System } from "../src/index.js";
import { type BenchProcess, startProcess } from "./bench-process.js";
import { cpuTimeMs } from "./cpu-time.js";
import type { Figure } from "./print.js";

export interface StreamsAsked {
  readonly streams: number;
  readonly seconds: number;
}

/** Jobs that run meanwhile, each in a child of its own, and how often each reports. */
const RUNNING = 6;
const REPORT_MS = 500;
/** One of so many streams is of all jobs, one of so many of a job that waits, the others of jobs that run. */
const ALL_EVERY = 20;
const WAITING_EVERY = 5;

/**
 * Streams of events on one api while jobs run: what they take, and how late an event is from a processor's
 * report to its receipt by a client, on one machine with one clock. The client has a process of its own.
 */
export async function* measureStreams(asked: StreamsAsked): AsyncGenerator<Figure> {
  const env = { LOG_LEVEL: "warn", DROVER_CONCURRENCY: String(RUNNING) };
  const system = await System.start({
    apis: 0,
    workers: 1,
    processors: ["stamped"],
    hasRealLease: true,
    env,
  });
  const redis = new Redis(system.redis.url);
  const client = await startProcess("streams");
  try {
    const before = await connectionsOf(redis);
    const { pid } = await system.startApi();
    const idleBytes = memoryOf(pid, "VmRSS");
    const jobs = await submitJobs(system);
    const paths = pathsOf(asked.streams, jobs);
    const openedAt = performance.now();
    await tell(client, { base: system.url(), paths });
    const openMs = performance.now() - openedAt;
    const cpuBefore = cpuTimeMs(pid);
    const { delays = [] } = await tell(client, { measureMs: asked.seconds * 1_000 });
    const cpuShare = ((cpuTimeMs(pid) ?? Number.NaN) - (cpuBefore ?? Number.NaN)) / (asked.seconds * 10);
    const connections = (await connectionsOf(redis)) - before;
    yield* figuresOf({ asked, delays, openMs, cpuShare, connections, idleBytes, pid });
  } finally {
    await client.stop();
    redis.disconnect();
    await system.stop();
  }
}

interface Jobs {
  readonly running: readonly string[];
  readonly waiting: readonly string[];
}

/** Fills the worker with jobs that last longer than the measure, and as many again that wait. */
async function submitJobs(system: System): Promise<Jobs> {
  const client = system.client();
  const params = { reports: 10_000, everyMs: REPORT_MS };
  const submit = async () => (await client.submit("stamped", new Blob(["x"]), { params })).job_id;
  const running = await Promise.all(Array.from({ length: RUNNING }, submit));
  const isRunning = async (id: string) => (await client.get(id)).message !== null;
  for (const id of running) await waitFor(() => isRunning(id), { deadlineMs: 60_000, what: `job ${id}` });
  return { running, waiting: await Promise.all(Array.from({ length: RUNNING }, submit)) };
}

function pathsOf(streams: number, { running, waiting }: Jobs): readonly string[] {
  return Array.from({ length: streams }, (_, i) => {
    if (i % ALL_EVERY === 0) return "/api/events?processor=stamped";
    const of = i % WAITING_EVERY === 1 ? waiting : running;
    return `/api/jobs/${of[i % of.length]}/events`;
  });
}

interface Found {
  readonly asked: StreamsAsked;
  readonly delays: readonly number[];
  readonly openMs: number;
  readonly cpuShare: number;
  readonly connections: number;
  readonly idleBytes: number;
  readonly pid: number;
}

function* figuresOf({
  asked,
  delays,
  openMs,
  cpuShare,
  connections,
  idleBytes,
  pid,
}: Found): Generator<Figure> {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  const [p50Ms, p99Ms, mostMs] = [at(0.5), at(0.99), at(1)];
  const perSecond = sorted.length / asked.seconds;
  const name = `${asked.streams.toLocaleString("en")} streams`;
  yield {
    name: `${name}: report to receipt`,
    value: `p50 ${p50Ms} ms, p99 ${p99Ms} ms, most ${mostMs} ms, of ${perSecond.toFixed(0)} events/s`,
    data: { p50Ms, p99Ms, mostMs, perSecond },
  };
  const [bytes, mostBytes] = [memoryOf(pid, "VmRSS"), memoryOf(pid, "VmHWM")];
  const mb = (value: number) => `${(value / 1e6).toFixed(0)} MB`;
  yield {
    name: `${name}: memory of the api`,
    value: `${mb(bytes)} (${mb(mostBytes)} at most, ${mb(idleBytes)} without)`,
    data: { bytes, mostBytes, idleBytes },
  };
  yield {
    name: `${name}: the api's connections to Redis`,
    value: String(connections),
    data: { connections },
  };
  yield {
    name: `${name}: to open them all, and processor time then`,
    value: `${(openMs / 1000).toFixed(1)} s, ${cpuShare.toFixed(0)} % of a core`,
    data: { openMs, cpuShare },
  };
}

async function tell(
  { child }: BenchProcess,
  message: Readonly<Record<string, unknown>>,
): Promise<{ readonly delays?: readonly number[] }> {
  child.send(message);
  const [reply] = (await once(child, "message", { signal: AbortSignal.timeout(120_000) })) as [
    { readonly delays?: readonly number[]; readonly mistake?: string },
  ];
  if (reply.mistake !== undefined) throw new Error(reply.mistake);
  return reply;
}

async function connectionsOf(redis: Redis): Promise<number> {
  return Number(/^connected_clients:(\d+)/m.exec(await redis.info("clients"))?.[1]);
}

/** Of proc(5), in bytes: `VmRSS` now, `VmHWM` at most so far. */
function memoryOf(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
}
