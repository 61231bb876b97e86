import { newRequest, waitFor } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { connectQueue } from "../src/index.js";
import { queueOnRedis } from "./queue-bench.js";

const on = queueOnRedis();

const left = () => on.client.zcard(`{${on.prefix}}:queue-deadlines`);
const late = { createdAt: Date.now() - 1_000, queueTimeoutMs: 500 };

describe("the deadline of a queued job", () => {
  it("fails the job as queue_timeout without any worker, one that waits as well as one that is scheduled", async () => {
    const [waiting, scheduled] = [newRequest(late), newRequest({ ...late, runAt: Date.now() - 900 })];
    await on.queue.jobs.submit(waiting);
    await on.queue.jobs.submit(scheduled);
    await on.client.zadd(`{${on.prefix}:copy}:copy:delayed`, 1, scheduled.id); // wherever BullMQ has put it
    await on.client.zrem(`{${on.prefix}:copy}:copy:prioritized`, scheduled.id);
    expect([...(await on.queue.deadlines.failLate(10))].sort()).toEqual([waiting.id, scheduled.id].sort());
    for (const { id } of [waiting, scheduled])
      expect(await on.queue.jobs.get(id)).toMatchObject({
        status: "failed",
        error: { code: "queue_timeout" },
        attempt: 0,
      });
    expect(await on.queue.health.depth("copy")).toEqual({ queued: 0, running: 0 });
    expect(await left()).toBe(0);
  });

  it("counts from the submit when run_at is in the past, and from run_at when it is to come", async () => {
    const past = newRequest({ queueTimeoutMs: 5_000, runAt: Date.now() - 60_000 });
    const future = newRequest({ ...late, runAt: Date.now() + 60_000 });
    await on.queue.jobs.submit(past);
    await on.queue.jobs.submit(future);
    expect(await on.queue.deadlines.failLate(10)).toEqual([]);
    expect(await left()).toBe(2);
  });

  it("harms no job that has begun, has ended, is gone or has no limit, and damaged entries stop nobody", async () => {
    const [begun, cancelled, gone, unlimited] = [
      newRequest(late),
      newRequest(late),
      newRequest(late),
      newRequest(),
    ];
    await on.queue.jobs.submit(begun);
    const consumer = on.queue.attempts.consume(
      "copy",
      { slots: 1, workerId: "w", retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 } },
      async () => ({ kind: "failed", code: "processor_error", message: "again", retryable: true }),
    );
    await waitFor(async () => (await on.queue.jobs.get(begun.id))?.waiting?.reason === "retry_backoff");
    await consumer.drain(0);
    for (const request of [cancelled, gone, unlimited]) await on.queue.jobs.submit(request);
    await on.queue.jobs.cancel(cancelled.id);
    await on.queue.jobs.remove(gone.id);
    await on.client.zadd(`{${on.prefix}}:queue-deadlines`, 1, "no entry of ours");
    const wrong = newRequest(late);
    await on.client.zadd(`{${on.prefix}}:queue-deadlines`, 1, `${wrong.id} copy`);
    await on.client.set(`{${on.prefix}:copy}:copy:${wrong.id}`, "a string where a hash should be");
    const good = newRequest(late);
    await on.queue.jobs.submit(good);
    expect(await on.queue.deadlines.failLate(10)).toEqual([good.id]);
    expect((await on.queue.jobs.get(begun.id))?.status).toBe("queued");
    expect((await on.queue.jobs.get(cancelled.id))?.status).toBe("cancelled");
    expect((await on.queue.jobs.get(unlimited.id))?.status).toBe("queued");
    expect(await left()).toBe(0);
  });

  it("is looked after in slices of the size that is asked for", async () => {
    for (let i = 0; i < 5; i++) await on.queue.jobs.submit(newRequest(late));
    expect(await on.queue.deadlines.failLate(2)).toHaveLength(2);
    expect(await on.queue.deadlines.failLate(9)).toHaveLength(3);
  });
});

describe("a lease", () => {
  it("has one holder at a time, who alone renews and releases it", async () => {
    const other = connectQueue(on.options);
    expect(await on.queue.leases.hold("sweeper", "a", 60_000)).toBe(true);
    expect(await other.leases.hold("sweeper", "b", 60_000)).toBe(false);
    expect(await on.queue.leases.hold("sweeper", "a", 60_000)).toBe(true);
    await other.leases.release("sweeper", "b");
    expect(await other.leases.hold("sweeper", "b", 60_000)).toBe(false);
    await on.queue.leases.release("sweeper", "a");
    expect(await other.leases.hold("sweeper", "b", 20)).toBe(true);
    await waitFor(() => on.queue.leases.hold("sweeper", "a", 60_000), { what: "the lease to run out" });
    await other.close();
  });
});
