import { EventBus, type EventName, type ProcessEvents } from "@drover/core";
import { newRequest, signal, waitFor } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { COMPLETED, FAILED, queueOnRedis } from "./queue-bench.js";

const events = new EventBus();
const on = queueOnRedis({ events });

/** What is told of an event from now on. */
function told<N extends EventName>(name: N): ProcessEvents[N][] {
  const found: ProcessEvents[N][] = [];
  events.on(name, (event) => found.push(event));
  return found;
}

const NO_DELAY = { baseDelayMs: 0, maxDelayMs: 0 };
const consume = (execute: Parameters<typeof on.queue.attempts.consume>[2], slots = 1) =>
  on.queue.attempts.consume("copy", { slots, workerId: "w", retry: NO_DELAY }, execute);

describe("events of attempts", () => {
  it("tell of each attempt's start and outcome, with the code of a failure and whether another follows", async () => {
    const [starts, ends, submits] = [told("attempt.started"), told("attempt.ended"), told("job.submitted")];
    await on.queue.jobs.submit(newRequest({ maxAttempts: 2, createdAt: Date.now() - 5_000 }));
    const consumer = consume(async () => FAILED);
    await waitFor(() => ends.length === 2);
    await consumer.drain(0);
    expect(submits).toEqual([{ processor: "copy" }]);
    expect(starts.map(({ waitedMs }) => waitedMs === null)).toEqual([false, true]);
    expect(starts[0]?.waitedMs).toBeGreaterThan(4_900);
    expect(starts[0]?.waitedMs).toBeLessThan(60_000);
    expect(ends).toEqual(
      [true, false].map((isRetried) => ({
        ...{ processor: "copy", outcome: "failed", code: "processor_error", isRetried },
        durationMs: expect.any(Number),
      })),
    );
  });

  it("tell what was recorded: cancelled, released and completed have no code", async () => {
    const ends = told("attempt.ended");
    const started = signal();
    const { id } = await on.queue.jobs.submit(newRequest());
    const consumer = consume(async (attempt) => {
      if (attempt.request.id !== id) return COMPLETED;
      started.resolve();
      await new Promise((resolve) => attempt.signal.addEventListener("abort", resolve));
      return attempt.signal.reason === "cancelled" ? { kind: "cancelled" } : { kind: "released" };
    });
    await started.promise;
    await on.queue.jobs.cancel(id);
    await waitFor(() => ends.length === 1);
    await on.queue.jobs.submit(newRequest());
    await waitFor(() => ends.length === 2);
    await consumer.drain(0);
    expect(ends.map(({ outcome, code, isRetried }) => [outcome, code, isRetried])).toEqual([
      ["cancelled", null, false],
      ["completed", null, false],
    ]);
  });

  it("call an outcome lost that was not recorded, because the job was gone", async () => {
    const ends = told("attempt.ended");
    const { id } = await on.queue.jobs.submit(newRequest());
    const consumer = consume(async () => {
      await on.client.del(`{${on.prefix}:copy}:copy:${id}`, `{${on.prefix}:copy}:copy:${id}:lock`);
      return COMPLETED;
    });
    await waitFor(() => ends.length === 1);
    await consumer.drain(0);
    expect(ends[0]).toMatchObject({ outcome: "lost", code: null, isRetried: false });
  });
});

it("tells of a job that waited too long", async () => {
  const late = told("job.late");
  await on.queue.jobs.submit(newRequest({ createdAt: Date.now() - 10_000, queueTimeoutMs: 1 }));
  expect(await on.queue.deadlines.failLate(10)).toHaveLength(1);
  expect(await on.queue.deadlines.failLate(10)).toEqual([]);
  expect(late).toEqual([{ processor: "copy" }]);
});

it("tells of each round trip, and why one failed", async () => {
  const [answered, failed] = [told("redis.answered"), told("redis.failed")];
  await on.queue.health.ping();
  expect(answered.length).toBeGreaterThan(0);
  expect(failed).toEqual([]);
  await on.queue.close();
  await expect(on.queue.health.ping()).rejects.toThrow();
  expect(failed).toEqual([{ reason: "not_connected" }]);
});
