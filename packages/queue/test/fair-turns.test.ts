import type { Job, JobId } from "@drover/core";
import { waitFor } from "@drover/testkit";
import { describe, expect } from "vitest";
import {
  COMPLETED,
  FAILED,
  type HeldAttempt,
  type ManualConsumer,
  type QueueBench,
  queueTest,
} from "./queue-bench.js";

const it = queueTest();

describe("tenants take turns", () => {
  it("so that many jobs of one do not delay another's few", async ({ bench }) => {
    await submit(bench, "many", 40);
    await submit(bench, "few", 3);
    const order = await tenantsInOrder(bench, 43);
    expect(order.slice(0, 6).sort()).toEqual(["few", "few", "few", "many", "many", "many"]);
    expect(new Set(order.slice(6))).toEqual(new Set(["many"]));
  });

  it("and each has its own jobs by priority, then in the order of their submission", async ({ bench }) => {
    const priorities = [0, -100, 5, 100, 0];
    const jobs: Record<string, Job[]> = { one: [], two: [] };
    for (const tenant of ["one", "two"])
      for (const priority of priorities) jobs[tenant]?.push(await bench.submit({ tenant, priority }));
    const order = await runOrder(bench, 10);
    for (const own of Object.values(jobs)) {
      const ids = new Set(own.map(({ id }) => id));
      expect(order.filter((id) => ids.has(id))).toEqual([3, 2, 0, 4, 1].map((index) => own[index]?.id));
    }
  });

  it("and one's priority does not put it before another", async ({ bench }) => {
    await submit(bench, "loud", 20, { priority: 100 });
    await submit(bench, "quiet", 2, { priority: -100 });
    const order = await tenantsInOrder(bench, 6);
    expect(order.filter((tenant) => tenant === "quiet")).toHaveLength(2);
  });

  it("and slots are shared out: who has fewer running jobs is next", async ({ bench }) => {
    await submit(bench, "long", 20);
    const manual = bench.consumeManually({ slots: 4 });
    const first = await take(manual, 4);
    expect(tenantsOf(first)).toEqual(["long", "long", "long", "long"]);
    await submit(bench, "late", 20);
    first[0]?.end(COMPLETED);
    const [second] = await take(manual, 1);
    first[1]?.end(COMPLETED);
    const [third] = await take(manual, 1);
    expect(tenantsOf([second, third])).toEqual(["late", "late"]);
    second?.end(COMPLETED); // three of "late" would be more than its share
    expect(tenantsOf(await take(manual, 1))).toEqual(["late"]);
    first[2]?.end(COMPLETED);
    expect(tenantsOf(await take(manual, 1))).toEqual(["long"]);
  });

  it("also those whose jobs were delayed, tried again, given back or retried by a person", async ({
    bench,
  }) => {
    const soon = Date.now() + 300;
    await submit(bench, "many", 30);
    const delayed = await bench.submit({ tenant: "delayed", runAt: soon });
    const failing = await bench.submit({ tenant: "failing" });
    const cancelled = await bench.submit({ tenant: "cancelled" });
    await bench.queue.jobs.cancel(cancelled.id);
    await bench.queue.jobs.retry(cancelled.id);
    await waitFor(() => Date.now() > soon);
    const started = new Map<JobId, number>();
    const manual = bench.consumeManually();
    let count = 0;
    for (; count < 12; count++) {
      const { attempt, end } = await manual.next();
      const { id } = attempt.request;
      started.set(id, (started.get(id) ?? 0) + 1);
      end(id === failing.id && attempt.number === 1 ? FAILED : COMPLETED);
    }
    expect(started.get(delayed.id)).toBe(1);
    expect(started.get(failing.id)).toBe(2);
    expect(started.get(cancelled.id)).toBe(1);
  });

  it("and a cancelled or removed job takes nobody's turn", async ({ bench }) => {
    const [first, second, third] = await submit(bench, "one", 3);
    await submit(bench, "two", 3);
    await bench.queue.jobs.cancel(first?.id as JobId);
    await bench.queue.jobs.remove(second?.id as JobId);
    const order = await runOrder(bench, 2);
    expect(order).toContain(third?.id);
  });

  it("and a waiting job's place is told as though they went on doing so", async ({ bench }) => {
    const many = await submit(bench, "many", 20);
    const [first, second] = await submit(bench, "few", 2);
    expect(await placesOf(bench, [first, second, many[0], many[1], many[19]])).toEqual([2, 4, 2, 4, 22]);
    await bench.queue.jobs.cancel(first?.id as JobId);
    expect(await placesOf(bench, [second, many[1], many[19]])).toEqual([2, 3, 21]);
  });
});

describe("F16: 5,000 jobs of one tenant", () => {
  it("delay the 10 of another so that the p95 of their waits, counted in starts, is at most 3 times that of an idle queue", async ({
    bench,
  }) => {
    for (let i = 0; i < 5_000; i += 250)
      await Promise.all(Array.from({ length: 250 }, () => bench.submit({ tenant: "many" })));
    const manual = bench.consumeManually({ slots: 2 });
    bench.consume(manual.execute, { slots: 2, on: bench.other });
    const running = await take(manual, 4);
    const few = new Set((await submit(bench, "few", 10)).map(({ id }) => id));
    const waits: number[] = [];
    for (let starts = 0; waits.length < 10; starts++) {
      running.shift()?.end(COMPLETED);
      const next = await manual.next();
      running.push(next);
      if (few.has(next.attempt.request.id)) waits.push(starts);
    }
    const idle = 9; // the last of ten starts after nine others, as there is nobody else
    expect(waits.at(-1)).toBeLessThanOrEqual(3 * idle);
  }, 60_000);
});

/** Jobs of a tenant, one after the other. */
async function submit(
  bench: QueueBench,
  tenant: string,
  count: number,
  change: { readonly priority?: number } = {},
): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let i = 0; i < count; i++) jobs.push(await bench.submit({ tenant, ...change }));
  return jobs;
}

async function take(manual: ManualConsumer, count: number): Promise<HeldAttempt[]> {
  const held: HeldAttempt[] = [];
  for (let i = 0; i < count; i++) held.push(await manual.next());
  return held;
}

function tenantsOf(held: readonly (HeldAttempt | undefined)[]): (string | undefined)[] {
  return held.map((one) => one?.attempt.request.tenant);
}

function placesOf(
  bench: QueueBench,
  jobs: readonly (Job | undefined)[],
): Promise<(number | null | undefined)[]> {
  return Promise.all(jobs.map(async (job) => (await bench.get(job?.id as JobId)).waiting?.position));
}

/** The ids of the next `count` jobs, as one slot runs them. */
async function runOrder(bench: QueueBench, count: number): Promise<JobId[]> {
  const order: JobId[] = [];
  const manual = bench.consumeManually();
  for (let i = 0; i < count; i++) {
    const [held] = await take(manual, 1);
    order.push(held?.attempt.request.id as JobId);
    held?.end(COMPLETED);
  }
  return order;
}

async function tenantsInOrder(bench: QueueBench, count: number): Promise<string[]> {
  const order: string[] = [];
  const manual = bench.consumeManually();
  for (let i = 0; i < count; i++) {
    const { attempt, end } = await manual.next();
    order.push(attempt.request.tenant);
    end(COMPLETED);
  }
  return order;
}
