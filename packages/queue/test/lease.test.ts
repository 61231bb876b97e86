import type { Attempt, ConsumeOptions, Outcome } from "@drover/core";
import { type ChaosProxy, chaosProxy, newRequest, signal, waitFor } from "@drover/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { type BullQueue, connectQueue } from "../src/index.js";
import { queueOnRedis } from "./queue-bench.js";

const LEASE = { leaseMs: 1_000, stalledCheckMs: 250 };
const RETRY = { baseDelayMs: 0, maxDelayMs: 0 };
const DONE: Outcome = { kind: "completed", result: null, artifacts: [] };

describe("the lease of a running attempt", () => {
  const on = queueOnRedis({ lease: LEASE });
  let proxy: ChaosProxy;
  let near: BullQueue;
  let far: BullQueue;

  beforeEach(async () => {
    near = on.queue;
    proxy = await chaosProxy(on.options.url);
    far = connectQueue({ ...on.options, url: proxy.url });
    return async () => {
      await far.close();
      await proxy.close();
    };
  });

  const options = (workerId: string, change: Partial<ConsumeOptions> = {}): ConsumeOptions => ({
    slots: 1,
    workerId,
    retry: RETRY,
    ...change,
  });

  it("passes to another worker when its holder falls silent, and the holder's outcome, progress and log no longer count", async () => {
    const isTaken = signal<Attempt>();
    const mayEnd = signal();
    const discarded = signal<Attempt>();
    const old = far.attempts.consume(
      "copy",
      options("far", { onDiscarded: async (attempt) => discarded.resolve(attempt) }),
      async (attempt) => {
        isTaken.resolve(attempt);
        await mayEnd.promise;
        await attempt.progress({ percent: 99, stage: "old", message: null });
        return { kind: "completed", result: "old", artifacts: [] };
      },
    );
    const request = newRequest();
    await near.jobs.submit(request);
    const first = await isTaken.promise;
    proxy.silence();
    const next = near.attempts.consume("copy", options("near"), async (attempt) => ({
      kind: "completed",
      result: `attempt ${attempt.number}`,
      artifacts: [],
    }));
    await waitFor(async () => (await near.jobs.get(request.id))?.status === "completed", {
      deadlineMs: 15_000,
    });
    proxy.heal();
    await waitFor(() => first.signal.aborted, { deadlineMs: 15_000 });
    mayEnd.resolve();
    expect((await discarded.promise).number).toBe(1);
    expect(first.signal.reason).toBe("lease_lost");
    expect(await near.jobs.get(request.id)).toMatchObject({
      result: "attempt 2",
      attempt: 2,
      maxAttempts: 4,
      progress: { stage: null },
    });
    const events = (await near.jobs.history(request.id)).events.map((event) => event.type);
    expect(events).toEqual(["accepted", "started", "worker_lost", "started", "finished"]);
    await Promise.all([old.drain(0), next.drain(0)]);
  });

  it("is for one attempt, whose id no other attempt at the job has", async () => {
    const ids: string[] = [];
    const consumer = near.attempts.consume("copy", options("near"), async ({ id }) => {
      ids.push(id);
      return { kind: "failed", code: "input_invalid", message: "no", retryable: false };
    });
    const request = newRequest();
    await near.jobs.submit(request);
    const isFailed = async () => (await near.jobs.get(request.id))?.status === "failed";
    await waitFor(isFailed);
    await near.jobs.retry(request.id);
    await waitFor(() => ids.length === 2);
    await waitFor(isFailed);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9A-Za-z]+$/);
    await consumer.drain(0);
  });

  it("is taken back when Redis was away for longer than it lasts and nobody else was given the job", async () => {
    const isTaken = signal();
    const mayEnd = signal();
    const consumer = far.attempts.consume("copy", options("far"), async () => {
      isTaken.resolve();
      await mayEnd.promise;
      return DONE;
    });
    const request = newRequest();
    await near.jobs.submit(request);
    await isTaken.promise;
    proxy.cut();
    const leaseLeftMs = () => on.client.pttl(`{${on.prefix}:copy}:copy:${request.id}:lock`);
    await waitFor(async () => (await leaseLeftMs()) < 0, {
      deadlineMs: 10_000,
      what: "the end of the lease",
    });
    proxy.heal();
    await waitFor(async () => (await leaseLeftMs()) > 0, { deadlineMs: 10_000, what: "the lease's return" });
    mayEnd.resolve();
    await waitFor(async () => (await near.jobs.get(request.id))?.status === "completed", {
      deadlineMs: 10_000,
    });
    expect((await near.jobs.get(request.id))?.attempt).toBe(1);
    await consumer.drain(0);
  });
});
