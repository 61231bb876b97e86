import { newRequest, silentLog, type TestRedis, testRedis, waitFor } from "@drover/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BullQueue, connectQueue } from "../src/index.js";

const JOBS = 500;

let redis: TestRedis;
let queue: BullQueue;
beforeAll(async () => {
  redis = await testRedis();
  queue = connectQueue({ url: redis.url, prefix: redis.prefix(), log: silentLog });
});
afterAll(async () => {
  await queue.close();
  await redis.stop();
});

it("F15: 500 jobs that fail at once do not come back at once", async () => {
  const requests = Array.from({ length: JOBS }, () => newRequest());
  await Promise.all(requests.map((request) => queue.jobs.submit(request)));
  let failures = 0;
  const options = { slots: 50, workerId: "w", retry: { baseDelayMs: 20_000, maxDelayMs: 600_000 } };
  const consumer = queue.attempts.consume("copy", options, async () => {
    failures += 1;
    return { kind: "failed", code: "processor_error", message: "refused", retryable: true };
  });
  await waitFor(() => failures >= JOBS, { deadlineMs: 60_000 });
  const perSecond = new Map<number, number>();
  for (const { id } of requests) {
    const told = async () => {
      const { events } = await queue.jobs.history(id);
      const retry = events.find((event) => event.type === "retry");
      if (retry !== undefined) return retry.until - retry.at;
      // On a busy machine the note may be let go; the job itself says when it is due.
      const job = await queue.jobs.get(id);
      const isDelayed = job?.attempt === 1 && job.waiting?.reason === "retry_backoff";
      return isDelayed ? (job.waiting?.until ?? 0) - (job.startedAt ?? 0) : undefined;
    };
    // On a busy machine an attempt may lose its lease, and the job runs again when that has run out.
    const delayMs = await waitFor(told, { deadlineMs: 30_000 });
    const second = Math.floor(delayMs / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  expect([...perSecond.values()].reduce((sum, count) => sum + count, 0)).toBe(JOBS);
  expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(JOBS / 10);
  await consumer.drain(0);
});
