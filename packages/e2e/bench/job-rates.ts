import { waitFor } from "@drover/testkit";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { System } from "../src/index.js";
import { type Print, ratio } from "./print.js";

const SLOTS = 8;

/**
 * No-op jobs a second: a bare BullMQ worker, Drover's worker in process, and with each attempt in a child
 * process.
 */
export async function benchJobs(system: System, print: Print, count: number): Promise<void> {
  const bare = await bareJobs(system.redis.url, count);
  const inProcess = await ownJobs(system, "noop-in-process", count);
  const isolated = await ownJobs(system, "noop", count);
  print("no-op jobs, bare BullMQ worker", `${bare.toFixed(0)} /s`);
  print("no-op jobs, in process", `${inProcess.toFixed(0)} /s`, ratio(inProcess, bare));
  print("no-op jobs, child processes", `${isolated.toFixed(0)} /s`, ratio(isolated, bare));
  print(
    "  what isolation costs",
    `${(1_000 / isolated - 1_000 / inProcess).toFixed(2)} ms a job`,
    ratio(isolated, inProcess, "of in process"),
  );
}

async function bareJobs(url: string, count: number): Promise<number> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue("bare", { connection });
  await queue.addBulk(Array.from({ length: count }, () => ({ name: "noop", data: {} })));
  const startedAt = performance.now();
  const worker = new Worker("bare", async () => null, { connection, concurrency: SLOTS });
  await waitFor(async () => (await queue.getCompletedCount()) === count, { deadlineMs: 300_000 });
  const seconds = (performance.now() - startedAt) / 1_000;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  connection.disconnect();
  return count / seconds;
}

/**
 * Submits while no worker runs, then counts from the first start of an attempt to the last end, as the jobs
 * themselves say.
 */
async function ownJobs(system: System, processor: string, count: number): Promise<number> {
  await Promise.all(system.workers.splice(0).map((worker) => worker.stop()));
  let next = 0;
  const ids: string[] = [];
  const submitter = async () => {
    while (next++ < count) ids.push((await system.client().submit(processor, new Blob(["x"]))).job_id);
  };
  await Promise.all(Array.from({ length: 16 }, submitter));
  await system.startWorker({ DROVER_CONCURRENCY: String(SLOTS) });
  const first: number[] = [];
  const last: number[] = [];
  for (const id of ids) {
    const job = await system.client().wait(id);
    first.push(Date.parse(job.started_at ?? ""));
    last.push(Date.parse(job.completed_at ?? ""));
  }
  return count / ((Math.max(...last) - Math.min(...first)) / 1_000);
}

/** From the 202 to the end of a tiny job, one at a time: what a user waits for. */
export async function benchLatency(system: System, print: Print, count: number): Promise<void> {
  for (const processor of ["noop", "noop-in-process"]) {
    const latencies: number[] = [];
    for (let i = 0; i < count; i++) {
      const { job_id } = await system.client().submit(processor, new Blob(["x"]));
      const job = await system.client().wait(job_id);
      latencies.push(Date.parse(job.completed_at ?? "") - Date.parse(job.created_at));
    }
    latencies.sort((a, b) => a - b);
    const at = (share: number) =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
    print(`latency of a tiny job, ${processor}`, `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  }
}
