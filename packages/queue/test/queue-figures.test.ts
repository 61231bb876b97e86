import type { QueueFigures } from "@drover/core";
import { newRequest, signal, waitFor } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { SCORES_PER_PRIORITY } from "../src/bullmq/bullmq-internals.js";
import { bullTest } from "./bullmq-bench.js";
import { COMPLETED, FAILED, queueOnRedis } from "./queue-bench.js";

const on = queueOnRedis();
const bull = bullTest();

const EMPTY: QueueFigures = {
  ...{ waiting: 0, prioritized: 0, delayed: 0, active: 0, completed: 0, failed: 0 },
  oldestWaitingMs: 0,
};
const figures = () => on.queue.health.figures("copy");
const MINUTE = 60_000;

describe("the figures of a queue", () => {
  it("are all 0 when nobody has used it", async () => {
    expect(await figures()).toEqual(EMPTY);
  });

  it("say how many jobs are in which state", async () => {
    const hold = signal();
    const started = signal();
    const retry = { baseDelayMs: 0, maxDelayMs: 0 };
    const consumer = on.queue.attempts.consume(
      "copy",
      { slots: 1, workerId: "w", retry },
      async ({ request }) => {
        if (request.params["how"] === "fail") return { ...FAILED, retryable: false };
        if (request.params["how"] !== "hold") return COMPLETED;
        started.resolve();
        await hold.promise;
        return COMPLETED;
      },
    );
    await on.queue.jobs.submit(newRequest());
    await on.queue.jobs.submit(newRequest({ params: { how: "fail" } }));
    await waitFor(async () => (await figures()).failed === 1 && (await figures()).completed === 1);
    await on.queue.jobs.submit(newRequest({ params: { how: "hold" } }));
    await started.promise;
    for (let i = 0; i < 3; i++) await on.queue.jobs.submit(newRequest({ priority: i }));
    await on.queue.jobs.submit(newRequest({ runAt: Date.now() + MINUTE }));
    expect(await figures()).toMatchObject({
      ...{ waiting: 0, prioritized: 3, delayed: 1, active: 1, completed: 1, failed: 1 },
    });
    hold.resolve();
    await consumer.drain(5_000);
  });

  it("count a job that is due as waiting, though no worker has looked yet", async () => {
    const createdAt = Date.now() - 10 * MINUTE;
    await on.queue.jobs.submit(newRequest({ createdAt, runAt: createdAt + 8 * MINUTE }));
    const now = await figures();
    expect(now).toMatchObject({ waiting: 1, delayed: 0 });
    expect(now.oldestWaitingMs).toBeGreaterThan(2 * MINUTE - 1_000);
    expect(now.oldestWaitingMs).toBeLessThan(3 * MINUTE);
  });
});

describe("the age of the job that has waited longest", () => {
  it("is found behind others that run before it", async () => {
    const ages = [
      { priority: 100, minutes: 1 },
      { priority: 0, minutes: 30 },
      { priority: 0, minutes: 20 },
      { priority: -100, minutes: 5 },
    ];
    for (const { priority, minutes } of ages)
      await on.queue.jobs.submit(newRequest({ priority, createdAt: Date.now() - minutes * MINUTE }));
    const { oldestWaitingMs, prioritized } = await figures();
    expect(prioritized).toBe(4);
    expect(oldestWaitingMs).toBeGreaterThan(30 * MINUTE - 1_000);
    expect(oldestWaitingMs).toBeLessThan(31 * MINUTE);
  });

  it("is counted from when a job that failed could run again, not from its submit", async () => {
    await on.queue.jobs.submit(newRequest({ createdAt: Date.now() - 60 * MINUTE, maxAttempts: 3 }));
    const retry = { baseDelayMs: 0, maxDelayMs: 0 };
    const ended = signal();
    const consumer = on.queue.attempts.consume(
      "copy",
      { slots: 1, workerId: "w", retry },
      async ({ number }) => {
        if (number === 2) ended.resolve();
        return number === 1 ? FAILED : { kind: "released" };
      },
    );
    await ended.promise;
    await consumer.drain(0);
    const now = await waitFor(async () => {
      const found = await figures();
      return found.prioritized + found.waiting === 1 ? found : undefined;
    });
    expect(now.oldestWaitingMs).toBeLessThan(MINUTE);
  });

  it("does not mind a record that is damaged", async () => {
    const request = newRequest();
    await on.queue.jobs.submit(request);
    await on.client.set(`{${on.prefix}:copy}:copy:${request.id}`, "no hash");
    expect(await figures()).toEqual({ ...EMPTY, prioritized: 1 });
  });
});

it("a score in `prioritized` is the priority and a counter", async () => {
  const [first, second] = [await bull.add({ priority: 1 }), await bull.add({ priority: 1 })];
  const scores = await bull.client.zrange(bull.key("prioritized"), "0", "-1", "WITHSCORES");
  const [id, score, nextId, nextScore] = scores;
  expect([id, nextId]).toEqual([first.id, second.id]);
  expect(Math.floor(Number(score) / SCORES_PER_PRIORITY)).toBe(100);
  expect(Number(nextScore) - Number(score)).toBe(1);
});
