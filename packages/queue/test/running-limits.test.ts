import type { Job } from "@drover/core";
import { redisTap, waitFor } from "@drover/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { connectQueue } from "../src/index.js";
import { redisKeys } from "../src/redis-keys.js";
import { COMPLETED, FAILED, type HeldAttempt, QueueBench, queueOnRedis } from "./queue-bench.js";

const on = queueOnRedis();
let bench: QueueBench;
beforeEach(() => {
  bench = new QueueBench(on.queue, connectQueue(on.options));
  return () => bench.close();
});

describe("a tenant's limit of running jobs", () => {
  it("leaves the other slots to others, who do not wait for it", async () => {
    await bench.queue.limits.set("held", { runningJobs: 2 });
    const manual = bench.consumeManually({ slots: 5 });
    await told({ held: "2" });
    const [, , third] = await submit("held", 3);
    const running = [await manual.next(), await manual.next()];
    expect(await reasonOf(third)).toEqual({ reason: "tenant_limit", position: null, until: null });
    const [other] = await submit("other", 1);
    const next = await manual.next();
    expect(next.attempt.request.id).toBe(other?.id);
    next.end(COMPLETED); // its slot is free, and the third job still waits
    await bench.until(next.attempt.request.id, "completed");
    expect(manual.started).toBe(3);
    running[0]?.end(COMPLETED);
    expect((await manual.next()).attempt.request.id).toBe(third?.id);
  });

  it("is that of all tenants where one has none of its own", async () => {
    await bench.queue.limits.set("free", { runningJobs: null });
    const manual = bench.consumeManually({ slots: 9, runningJobs: 1 });
    await told({ "*": "1", free: "none" });
    await submit("free", 3);
    await submit("one", 3);
    const [, last] = await submit("two", 2);
    const running = await take(manual, 5);
    expect(tenantsOf(running)).toEqual(["free", "free", "free", "one", "two"]);
    expect((await reasonOf(last))?.reason).toBe("tenant_limit");
    expect(manual.started).toBe(5);
  });

  it("is raised and lowered while jobs run and others wait", async () => {
    await bench.queue.limits.set("held", { runningJobs: 1 });
    const manual = bench.consumeManually({ slots: 9 });
    await told({ held: "1" });
    const jobs = await submit("held", 5);
    const first = await manual.next();
    expect((await reasonOf(jobs[1]))?.reason).toBe("tenant_limit");
    await bench.queue.limits.set("held", { runningJobs: 3 });
    const [second, third] = await take(manual, 2);
    await bench.queue.limits.set("held", { runningJobs: 1 });
    await told({ held: "1" });
    await end(first);
    await end(second);
    expect(manual.started).toBe(3);
    await end(third);
    const fourth = await manual.next();
    expect((await reasonOf(jobs[4]))?.reason).toBe("tenant_limit");
    await bench.queue.limits.remove("held");
    await manual.next();
    await end(fourth);
  });

  it("holds for a job that is tried again and one whose time has come", async () => {
    await bench.queue.limits.set("held", { runningJobs: 1 });
    const manual = bench.consumeManually({ slots: 9 });
    await told({ held: "1" });
    const [first] = await submit("held", 1);
    const running = await manual.next();
    const due = await bench.submit({ tenant: "held", runAt: Date.now() + 50 });
    await waitFor(async () => (await reasonOf(due))?.reason === "tenant_limit");
    running.end(FAILED);
    const second = await manual.next();
    await bench.submit({ tenant: "other" });
    expect((await manual.next()).attempt.request.tenant).toBe("other");
    expect(manual.started).toBe(3);
    second.end(COMPLETED);
    const last = await manual.next();
    expect(new Set([second, last].map(({ attempt }) => attempt.request.id))).toEqual(
      new Set([first?.id, due.id]),
    );
  });

  it("of none lets its jobs wait and be cancelled, and nobody spins for them", async () => {
    const tap = await redisTap(on.options.url);
    const queue = connectQueue({ ...on.options, url: tap.url });
    await queue.limits.set("held", { runningJobs: 0 });
    const consumer = bench.consume(async () => COMPLETED, { slots: 2, on: queue });
    await told({ held: "0" });
    const [job] = await submit("held", 1);
    const before = tap.commands.length;
    await queue.limits.set("other", { runningJobs: 5 });
    await told({ held: "0", other: "5" }); // up to a second
    expect(tap.commands.length).toBeLessThan(before + 30);
    expect(await bench.queue.jobs.cancel(job?.id as Job["id"])).toBe("cancelled");
    expect((await bench.get(job?.id as Job["id"])).attempt).toBe(0);
    await consumer.drain(0);
    await queue.close();
    await tap.close();
  });
});

describe("a processor", () => {
  it("that is paused takes no job, says so, and goes on when it is resumed", async () => {
    const manual = bench.consumeManually({ slots: 2 });
    const [running] = await submit("one", 1);
    const first = await manual.next();
    await bench.queue.dispatch.pause(bench.processor);
    expect(await bench.other.dispatch.read(bench.processor)).toEqual({ isPaused: true, concurrency: null });
    const [next] = await submit("one", 1);
    expect(await reasonOf(next)).toEqual({ reason: "paused", position: 1, until: null });
    await end(first);
    expect((await bench.get(running?.id as Job["id"])).status).toBe("completed");
    expect(manual.started).toBe(1);
    await bench.queue.dispatch.resume(bench.processor);
    expect((await manual.next()).attempt.request.id).toBe(next?.id);
  });

  it("runs as many jobs over all workers as it is told, more or fewer from then on", async () => {
    await bench.queue.dispatch.setConcurrency(bench.processor, 2);
    await submit("one", 4);
    await submit("two", 4);
    const manual = bench.consumeManually({ slots: 3 });
    bench.consume(manual.execute, { slots: 3, on: bench.other });
    const first = await take(manual, 2);
    expect(tenantsOf(first)).toEqual(["one", "two"]);
    await bench.queue.dispatch.setConcurrency(bench.processor, 3);
    const third = await manual.next();
    await bench.queue.dispatch.setConcurrency(bench.processor, 1);
    await end(first[0]);
    await end(first[1]);
    expect(manual.started).toBe(3);
    await end(third);
    await manual.next();
    expect(manual.started).toBe(4);
    await bench.queue.dispatch.setConcurrency(bench.processor, null);
    expect(await bench.queue.dispatch.read(bench.processor)).toEqual({ isPaused: false, concurrency: null });
    await take(manual, 4);
  });
});

/** Until the workers' scripts have these limits. */
function told(limits: Record<string, string>): Promise<unknown> {
  const key = redisKeys(on.prefix).runningLimits(bench.processor);
  const isTold = async () => JSON.stringify(await on.client.hgetall(key)) === JSON.stringify(limits);
  return waitFor(isTold, { what: `the limits to be ${JSON.stringify(limits)}` });
}

async function submit(tenant: string, count: number): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (let i = 0; i < count; i++) jobs.push(await bench.submit({ tenant }));
  return jobs;
}

async function reasonOf(job: Job | undefined): Promise<Job["waiting"]> {
  return (await bench.get(job?.id as Job["id"])).waiting;
}

async function take(
  manual: { next(): Promise<HeldAttempt> },
  count: number,
): Promise<readonly HeldAttempt[]> {
  const held: HeldAttempt[] = [];
  for (let i = 0; i < count; i++) held.push(await manual.next());
  return held;
}

/** Ends it, and waits until that is recorded and the slot has had its chance to take another. */
async function end(held: HeldAttempt | undefined): Promise<void> {
  held?.end(COMPLETED);
  await bench.until(held?.attempt.request.id as Job["id"], "completed");
}

function tenantsOf(held: readonly HeldAttempt[]): readonly string[] {
  return held.map(({ attempt }) => attempt.request.tenant).sort();
}
