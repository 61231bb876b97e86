import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { waitFor } from "@drover/testkit";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import type { System } from "../src/index.js";
import { startProcess } from "./bench-process.js";
import { cpuTimeMs } from "./cpu-time.js";
import { compare, type Measure, type Sample } from "./rounds.js";

const SLOTS = 8;

/**
 * No-op jobs a second with eight slots: bare BullMQ workers, in process and in BullMQ's child processes, that
 * read and remove a file, against Drover's, in process and in its child processes.
 */
export async function* measureJobs(
  system: System,
  extent: { readonly rounds: number; readonly jobs: number },
): AsyncGenerator<Measure> {
  const { rounds, jobs } = extent;
  const bullmq = (duty: "none" | "file" | "sandbox") => () => bullmqJobs(system, duty, jobs);
  const own = (processor: string) => () => droverJobs(system, processor, jobs);
  yield await compare({ name: "no-op jobs, in process", rounds }, [
    { name: "BullMQ, no file", role: "bare", run: bullmq("none") },
    { name: "BullMQ, file read and removed", role: "fair", run: bullmq("file") },
    { name: "Drover", role: "own", run: own("noop-in-process") },
  ]);
  yield await compare({ name: "no-op jobs, in child processes", rounds }, [
    { name: "BullMQ's sandbox, file read and removed", role: "fair", run: bullmq("sandbox") },
    { name: "Drover", role: "own", run: own("noop") },
  ]);
}

/** All jobs wait before the worker starts; counted from the first start to the last end, as the jobs say. */
async function bullmqJobs(system: System, duty: "none" | "file" | "sandbox", count: number): Promise<Sample> {
  const folder = join(system.folder, "bullmq");
  await mkdir(folder, { recursive: true });
  const connection = new Redis(system.redis.url, { maxRetriesPerRequest: null });
  const name = `bullmq-${duty}`;
  const queue = new Queue(name, { connection });
  const paths = Array.from({ length: count }, (_, i) => join(folder, `${duty}-${i}`));
  if (duty !== "none") for (const path of paths) await writeFile(path, "x");
  await queue.addBulk(paths.map((path) => ({ name: "noop", data: { path } })));
  const env = {
    REDIS_URL: system.redis.url,
    BENCH_QUEUE: name,
    BENCH_DUTY: duty,
    BENCH_SLOTS: String(SLOTS),
  };
  const worker = await startProcess("bullmq-worker", env);
  const before = cpuTimeMs(worker.pid);
  try {
    await waitFor(async () => (await queue.getCompletedCount()) === count, { deadlineMs: 300_000 });
    const after = cpuTimeMs(worker.pid);
    const done = await queue.getCompleted(0, -1);
    const startedAt = Math.min(...done.map((job) => job.processedOn ?? Number.NaN));
    const endedAt = Math.max(...done.map((job) => job.finishedOn ?? Number.NaN));
    return sampleOf(count, endedAt - startedAt, { before, after });
  } finally {
    await worker.stop();
    await queue.obliterate({ force: true });
    await queue.close();
    connection.disconnect();
    await rm(folder, { recursive: true });
  }
}

/** The same of Drover's worker. */
async function droverJobs(system: System, processor: string, count: number): Promise<Sample> {
  await Promise.all(system.workers.splice(0).map((worker) => worker.stop()));
  let next = 0;
  const ids: string[] = [];
  const submitter = async () => {
    while (next++ < count) ids.push((await system.client().submit(processor, new Blob(["x"]))).job_id);
  };
  await Promise.all(Array.from({ length: 16 }, submitter));
  const worker = await system.startWorker({ DROVER_CONCURRENCY: String(SLOTS) });
  const before = cpuTimeMs(worker.pid);
  const jobs = [];
  for (const id of ids) jobs.push(await system.client().wait(id));
  const after = cpuTimeMs(worker.pid);
  const failed = jobs.find((job) => job.status !== "completed");
  if (failed !== undefined)
    throw new Error(`A no-op job ended ${failed.status}: ${JSON.stringify(failed.error)}`);
  const startedAt = Math.min(...jobs.map((job) => Date.parse(job.started_at ?? "")));
  const endedAt = Math.max(...jobs.map((job) => Date.parse(job.completed_at ?? "")));
  return sampleOf(count, endedAt - startedAt, { before, after });
}

function sampleOf(
  count: number,
  tookMs: number,
  cpu: { readonly before: number | undefined; readonly after: number | undefined },
): Sample {
  const isKnown = cpu.before !== undefined && cpu.after !== undefined;
  return {
    perSecond: (count * 1_000) / tookMs,
    cpuMs: isKnown ? (cpu.after - cpu.before) / count : undefined,
  };
}

/** A time of many jobs, in ms. */
export interface Latency {
  readonly name: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** From the 202 to the end of a tiny job, one at a time: what a user waits for. */
export async function measureLatency(system: System, count: number): Promise<readonly Latency[]> {
  const latencies: Latency[] = [];
  for (const processor of ["noop", "noop-in-process"]) {
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const { job_id } = await system.client().submit(processor, new Blob(["x"]));
      const job = await system.client().wait(job_id);
      times.push(Date.parse(job.completed_at ?? "") - Date.parse(job.created_at));
    }
    times.sort((a, b) => a - b);
    const at = (share: number) =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
    latencies.push({ name: `202 to the end of a tiny job, ${processor}`, p50Ms: at(0.5), p99Ms: at(0.99) });
  }
  return latencies;
}
