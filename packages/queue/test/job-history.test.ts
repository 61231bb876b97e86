import { describe, expect } from "vitest";
import { COMPLETED, FAILED, queueTest } from "./queue-bench.js";

const it = queueTest();

/** At most this many events and log lines are kept; the first and the last event may come on top. */
const LIMIT = 500;

describe("history and log lines", () => {
  it("tells what happened to a job, oldest first, each with its time", async ({ bench }) => {
    const { id } = await bench.submit();
    const manual = bench.consumeManually({ workerId: "worker-7" });
    const first = await manual.next();
    await first.attempt.progress({ percent: 1, stage: "read", message: null });
    await first.attempt.progress({ percent: 2, stage: "read", message: "still" });
    await first.attempt.progress({ percent: 3, stage: "write", message: null });
    first.end(FAILED);
    (await manual.next()).end(COMPLETED);
    await bench.until(id, "completed");
    const { events } = await bench.other.jobs.history(id);
    expect(events).toMatchObject([
      { type: "accepted" },
      { type: "started", attempt: 1, worker: "worker-7" },
      { type: "stage", attempt: 1, stage: "read" },
      { type: "stage", attempt: 1, stage: "write" },
      {
        type: "retry",
        attempt: 1,
        code: "processor_error",
        message: "It broke.",
        until: expect.any(Number),
      },
      { type: "started", attempt: 2, worker: "worker-7" },
      { type: "finished", attempt: 2, status: "completed", code: null },
    ]);
    const stored = events.slice(1).map(({ at }) => at);
    expect(stored).toEqual([...stored].sort((a, b) => a - b));
  });

  it("stays as it is when its completed job takes less room, and so does the job", async ({ bench }) => {
    const request = bench.request();
    await bench.queue.jobs.submit(request);
    const { attempt, end } = await bench.consumeManually().next();
    await attempt.progress({ percent: 1, stage: "read", message: null });
    await attempt.log([{ attempt: 1, level: "info", message: "read", at: 1 }]);
    await bench.queue.finished.condense(request);
    end(COMPLETED);
    const before = [await bench.until(request.id, "completed"), await bench.queue.jobs.history(request.id)];
    for (let i = 0; i < 2; i++) await bench.queue.finished.condense(request);
    expect([await bench.get(request.id), await bench.queue.jobs.history(request.id)]).toEqual(before);
    expect(before[1]).toMatchObject({ events: [{}, { type: "started" }, { type: "stage" }, {}], logs: [{}] });
  });

  it("tells of failure, cancelling and a person's retry", async ({ bench }) => {
    const { id } = await bench.submit({ maxAttempts: 1 });
    const manual = bench.consumeManually();
    (await manual.next()).end(FAILED);
    await bench.until(id, "failed");
    await bench.queue.jobs.retry(id);
    await manual.next();
    await bench.queue.jobs.cancel(id);
    await bench.until(id, "cancelled");
    const { events } = await bench.queue.jobs.history(id);
    expect(events.map(({ type }) => type)).toEqual([
      "accepted",
      "started",
      "finished",
      "retried",
      "started",
      "cancel_requested",
      "finished",
    ]);
    expect(events[2]).toMatchObject({ status: "failed", code: "processor_error" });
    expect(events[5]).toMatchObject({ attempt: 2 });
    expect(events.at(-1)).toMatchObject({ status: "cancelled", code: null });
  });

  it("tells that a job came back from its manifest", async ({ bench }) => {
    const request = bench.request();
    await bench.queue.jobs.submit(request, { isRestored: true });
    const { events } = await bench.queue.jobs.history(request.id);
    expect(events.map(({ type }) => type)).toContain("restored");
  });

  it("keeps the newest 500 log lines, in their order", async ({ bench }) => {
    const { id } = await bench.submit();
    const { attempt } = await bench.consumeManually().next();
    for (let batch = 0; batch < 6; batch++) {
      await attempt.log(
        Array.from({ length: 100 }, (_, i) => ({
          attempt: 1,
          level: "info" as const,
          message: `line ${batch * 100 + i}`,
          at: 1_767_225_600_000 + i,
        })),
      );
    }
    const { logs } = await bench.other.jobs.history(id);
    expect(logs).toHaveLength(LIMIT);
    expect(logs[0]).toEqual({ attempt: 1, level: "info", message: "line 100", at: 1_767_225_600_000 });
    expect(logs.at(-1)?.message).toBe("line 599");
  });

  it("keeps the newest 500 events", async ({ bench }) => {
    const { id } = await bench.submit();
    const { attempt } = await bench.consumeManually().next();
    for (let i = 0; i < LIMIT + 50; i++) {
      await attempt.progress({ percent: 1, stage: `stage-${i}`, message: null });
    }
    const { events } = await bench.queue.jobs.history(id);
    expect(events.length).toBeLessThanOrEqual(LIMIT + 2);
    expect(events.at(-1)).toMatchObject({ type: "stage", stage: `stage-${LIMIT + 49}` });
  });
});
