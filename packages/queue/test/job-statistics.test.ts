import {
  COUNTED_SPAN_MS,
  type EndedJobs,
  type JobEnd,
  type JobRequest,
  percentileMs,
  spanOf,
} from "@drover/core";
import { newRequest, silentLog } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { connectQueue } from "../src/index.js";
import { queueOnRedis } from "./queue-bench.js";

const on = queueOnRedis();
const HOUR = 3_600_000;

/** A job that is at an end, as if it had run. */
async function ended(change: Partial<JobEnd> = {}, asked: Partial<JobRequest> = {}) {
  const request = newRequest(asked);
  const end: JobEnd = {
    ...{ status: "completed", at: Date.now(), attempt: 1, result: null, artifacts: [], error: null },
    ...change,
  };
  await on.queue.finished.restore(request, end);
  const job = await on.queue.jobs.get(request.id);
  if (job === undefined) throw new Error("it is not there");
  return { ...job, startedAt: job.createdAt + 1_000, createdAt: job.createdAt };
}

const read = (since = Date.now() - HOUR): Promise<EndedJobs> => on.queue.statistics.read("copy", since);
const failure = { code: "timeout", message: "It took long.", retryable: false } as const;
const countedKeys = () => on.client.keys(`{${on.prefix}:copy}:ends:*`);

describe("the end of a job", () => {
  it("is counted by what it was", async () => {
    await on.queue.statistics.count(await ended());
    await on.queue.statistics.count(await ended({ status: "failed", error: failure }));
    await on.queue.statistics.count(await ended({ status: "cancelled" }));
    expect(await read()).toMatchObject({ completed: 1, cancelled: 1, failures: { timeout: 1 } });
  });

  it("is told by the span that it was in", async () => {
    await on.queue.statistics.count(await ended());
    await on.queue.statistics.count(await ended({ at: Date.now() - HOUR / 2 }, { tenant: "acme" }));
    const spans = await on.queue.statistics.readSpans("copy", Date.now() - HOUR);
    expect(spans.map(({ span, jobs }) => [span, jobs.completed])).toEqual([
      [spanOf(Date.now() - HOUR / 2), 1],
      [spanOf(Date.now()), 1],
    ]);
    const own = await on.queue.of("default").statistics.readSpans("copy", Date.now() - HOUR);
    expect(own.map(({ jobs }) => jobs.completed)).toEqual([1]);
  });

  it("is counted for its tenant; with one tenant alone nothing is kept twice", async () => {
    await on.queue.statistics.count(await ended());
    expect(await countedKeys()).toHaveLength(1);
    const owned = await ended({}, { tenant: "acme" });
    const other = await ended({ status: "failed", error: failure }, { tenant: "other" });
    for (const job of [owned, other]) await on.queue.of("default").statistics.count(job);
    const of = (tenant: string) => on.queue.of(tenant).statistics.read("copy", Date.now() - HOUR);
    expect(await of("acme")).toMatchObject({ completed: 1, failures: {} });
    expect(await of("other")).toMatchObject({ completed: 0, failures: { timeout: 1 } });
    expect(await of("default")).toMatchObject({ completed: 1, failures: {} });
    expect((await of("default")).run.classes.size).toBe(1);
    expect(await of("nobody")).toMatchObject({ completed: 0, run: { sumMs: 0, classes: new Map() } });
    expect(await read()).toMatchObject({ completed: 2, failures: { timeout: 1 } });
  });

  it("is counted once, however often and by whomever", async () => {
    const job = await ended();
    const other = connectQueue({ ...on.options, log: silentLog });
    await Promise.all([on.queue, other, on.queue, other].map((queue) => queue.statistics.count(job)));
    await on.queue.statistics.count(job);
    expect((await read()).completed).toBe(1);
    expect((await other.statistics.read("copy", Date.now() - HOUR)).completed).toBe(1);
    await other.close();
  });

  it("is counted again when a person had it retried", async () => {
    const job = await ended({ status: "failed", error: failure, at: Date.now() - 1_000 });
    await on.queue.statistics.count(job);
    await on.queue.jobs.retry(job.id);
    await on.queue.statistics.count(job); // it is at that end no more
    expect((await read()).failures).toEqual({ timeout: 1 });
    expect(await on.queue.jobs.cancel(job.id)).toBe("cancelled");
    const again = await on.queue.jobs.get(job.id);
    if (again !== undefined) await on.queue.statistics.count(again);
    expect(await read()).toMatchObject({ failures: { timeout: 1 }, cancelled: 1 });
  });

  it("is counted before the job is erased, which it outlives", async () => {
    const job = await ended();
    expect(await on.queue.jobs.remove(job.id)).toBe(true);
    expect((await read()).completed).toBe(1);
  });

  it("is none while the job waits", async () => {
    await on.queue.statistics.count(await on.queue.jobs.submit(newRequest()));
    expect(await read()).toMatchObject({ completed: 0, cancelled: 0, failures: {} });
    expect(await countedKeys()).toEqual([]);
  });
});

describe("the counts", () => {
  it("know how long jobs waited and ran, within 9 %", async () => {
    for (const runMs of [100, 200, 300, 400, 90_000]) {
      const job = await ended();
      await on.queue.statistics.count({ ...job, startedAt: (job.finishedAt ?? 0) - runMs, createdAt: 0 });
    }
    const { run } = await read();
    expect(run.sumMs).toBe(91_000);
    for (const [share, ms] of [
      [0.2, 100],
      [0.5, 300],
      [0.8, 400],
      [1, 90_000],
    ] as const)
      expect(Math.abs((percentileMs(run, share) ?? 0) / ms - 1)).toBeLessThan(0.0906);
  });

  it("are kept in one key for ten minutes of a processor, which expires", async () => {
    const now = Date.now();
    for (const hours of [0, 1, 1, 30])
      await on.queue.statistics.count(await ended({ at: now - hours * HOUR }));
    const keys = await countedKeys();
    expect(keys).toHaveLength(3);
    for (const key of keys) expect(await on.client.pttl(key)).toBeLessThan(8 * 24 * HOUR);
    expect(Math.min(...(await Promise.all(keys.map((key) => on.client.pttl(key)))))).toBeGreaterThan(HOUR);
  });

  it("of a window are those of its spans", async () => {
    const now = Date.now();
    for (const ageMs of [0, 50 * 60_000, 23 * HOUR, 6 * 24 * HOUR, 9 * 24 * HOUR])
      await on.queue.statistics.count(await ended({ at: now - ageMs }));
    expect((await read(now - HOUR)).completed).toBe(2);
    expect((await read(now - 24 * HOUR)).completed).toBe(3);
    expect((await read(now - 7 * 24 * HOUR)).completed).toBe(4);
    expect((await read(0)).completed).toBe(4); // the oldest was too old to be counted
    expect((await read(spanOf(now) + COUNTED_SPAN_MS)).completed).toBe(0);
  });

  it("that another version wrote are passed over", async () => {
    await on.queue.statistics.count(await ended());
    const [key = ""] = await countedKeys();
    await on.client.hincrby(key, "failed:of_tomorrow", 3);
    await on.client.hincrby(key, "paused", 3);
    expect(await read()).toMatchObject({ completed: 1, failures: {} });
  });
});
