import { newJobId, waitFor } from "@drover/testkit";
import { describe, expect } from "vitest";
import { COMPLETED, FAILED, type QueueBench, queueTest } from "./queue-bench.js";

const it = queueTest();

describe("a person's retry, removal and age", () => {
  it("runs a failed job again, with changed params and its attempts counted anew", async ({ bench }) => {
    const { id } = await bench.submit({ maxAttempts: 2 });
    const manual = bench.consumeManually();
    (await manual.next()).end(FAILED);
    const last = await manual.next();
    await last.attempt.progress({ percent: 70, stage: "write", message: null });
    last.end(FAILED);
    await bench.until(id, "failed");
    const again = await bench.other.jobs.retry(id, { timezone: "UTC" });
    expect(again).toMatchObject({ id, params: { timezone: "UTC" }, error: null, finishedAt: null });
    const third = await manual.next();
    expect(third.attempt).toMatchObject({ number: 3, request: { params: { timezone: "UTC" } } });
    expect((await bench.get(id)).progress).toEqual({ percent: 0, stage: null, message: null });
    third.end(FAILED);
    (await manual.next()).end(COMPLETED);
    expect(await bench.until(id, "completed")).toMatchObject({ attempt: 4, maxAttempts: 4, error: null });
  });

  it("runs a cancelled job again with the params it had", async ({ bench }) => {
    const { id, params } = await bench.submit();
    await bench.queue.jobs.cancel(id);
    const again = await bench.queue.jobs.retry(id);
    expect(again).toMatchObject({ status: "queued", params, isCancelling: false });
    bench.consume(async () => COMPLETED);
    await bench.until(id, "completed");
  });

  it("does not run a job again that waits, runs or completed, or that is unknown", async ({ bench }) => {
    const { id } = await bench.submit();
    expect(await bench.queue.jobs.retry(id)).toBeUndefined();
    const { end } = await bench.consumeManually().next();
    expect(await bench.queue.jobs.retry(id)).toBeUndefined();
    end(COMPLETED);
    await bench.until(id, "completed");
    expect(await bench.queue.jobs.retry(id)).toBeUndefined();
    expect(await bench.queue.jobs.retry(newJobId())).toBeUndefined();
  });

  it("makes one run of two retries at once", async ({ bench }) => {
    const { id } = await bench.submit();
    await bench.queue.jobs.cancel(id);
    await Promise.all([bench.queue.jobs.retry(id), bench.other.jobs.retry(id)]);
    let runs = 0;
    bench.consume(async () => {
      runs += 1;
      return COMPLETED;
    });
    await bench.until(id, "completed");
    const last = await bench.submit();
    await bench.until(last.id, "completed");
    expect(runs).toBe(2);
  });

  it("grants one of several retries at once, with the params that it asked for", async ({ bench }) => {
    const { id } = await bench.submit();
    await bench.queue.jobs.cancel(id);
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async (asked) => ({
        asked,
        job: await (asked % 2 === 0 ? bench.queue : bench.other).jobs.retry(id, { asked }),
      })),
    );
    const granted = answers.filter(({ job }) => job !== undefined);
    expect(granted).toHaveLength(1);
    expect((await bench.get(id)).params).toEqual({ asked: granted[0]?.asked });
  });

  it("erases a job that does not run, wherever it stands", async ({ bench }) => {
    const queued = await bench.submit();
    const scheduled = await bench.submit({ runAt: Date.now() + 60_000 });
    const cancelled = await bench.submit();
    await bench.queue.jobs.cancel(cancelled.id);
    for (const { id } of [queued, scheduled, cancelled]) {
      expect(await bench.other.jobs.remove(id)).toBe(true);
      expect(await bench.queue.jobs.get(id)).toBeUndefined();
      expect(await bench.queue.jobs.history(id)).toEqual({ events: [], logs: [] });
    }
    expect((await bench.queue.jobs.list({ limit: 10 })).jobs).toEqual([]);
    expect(await bench.queue.health.depth(bench.processor)).toEqual({ queued: 0, running: 0 });
  });

  it("does not erase a running job, and finds nothing to do for an unknown one", async ({ bench }) => {
    const { id } = await bench.submit();
    const { end } = await bench.consumeManually().next();
    expect(await bench.queue.jobs.remove(id)).toBe(false);
    end(COMPLETED);
    await bench.until(id, "completed");
    expect(await bench.queue.jobs.remove(id)).toBe(true);
    expect(await bench.queue.jobs.remove(newJobId())).toBe(true);
  });

  it("tells which jobs ended before a time, oldest first, cancelled ones among the failed", async ({
    bench,
  }) => {
    const done = [await ended(bench, true), await ended(bench, true)];
    const failed = await ended(bench, false);
    const cancelled = await bench.submit();
    await bench.queue.jobs.cancel(cancelled.id);
    const { finishedBefore } = bench.other.finished;
    const find = (status: "completed" | "failed", time: number, limit = 10) =>
      finishedBefore.call(bench.other.finished, bench.processor, status, time, limit);
    const later = Date.now() + 10;
    expect(await find("completed", later)).toEqual(done);
    expect(await find("completed", later, 1)).toEqual([done[0]]);
    expect([...(await find("failed", later))].sort()).toEqual([failed, cancelled.id].sort());
    expect(await find("completed", 1)).toEqual([]);
    const first = await bench.get(done[0] ?? failed);
    expect(await find("completed", first.finishedAt ?? 0)).toEqual([]);
  });
});

/** The id of a job that completed or failed, at a millisecond of its own. */
async function ended(bench: QueueBench, isSuccess: boolean) {
  const { id } = await bench.submit({ maxAttempts: 1 });
  const consumer = bench.consume(async () => (isSuccess ? COMPLETED : FAILED));
  const job = await bench.until(id, isSuccess ? "completed" : "failed");
  await consumer.drain(0);
  await waitFor(() => Date.now() > (job.finishedAt ?? 0));
  return id;
}
