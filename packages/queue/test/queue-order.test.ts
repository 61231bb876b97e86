import type { Job, JobId } from "@drover/core";
import { describe, expect } from "vitest";
import { COMPLETED, type QueueBench, queueTest } from "./queue-bench.js";

const it = queueTest();

describe("order", () => {
  it("runs jobs of one priority in the order of their submission", async ({ bench }) => {
    const jobs = [await bench.submit(), await bench.submit(), await bench.submit()];
    expect(await runOrder(bench, jobs.length)).toEqual(jobs.map((job) => job.id));
  });

  it("runs the higher priority first, from 100 down to -100", async ({ bench }) => {
    const priorities = [0, -100, 5, 100, 0, -1];
    const jobs: Job[] = [];
    for (const priority of priorities) jobs.push(await bench.submit({ priority }));
    const expected = [3, 2, 0, 4, 5, 1].map((index) => jobs[index]?.id);
    expect(await runOrder(bench, jobs.length)).toEqual(expected);
  });

  it("tells each waiting job its place in line", async ({ bench }) => {
    const low = await bench.submit({ priority: -5 });
    const first = await bench.submit();
    const second = await bench.submit();
    const places = await Promise.all(
      [first, second, low].map(async ({ id }) => (await bench.other.jobs.get(id))?.waiting),
    );
    expect(places).toEqual([1, 2, 3].map((position) => ({ reason: "worker", position, until: null })));
  });

  it("keeps a scheduled job out of the line until its time", async ({ bench }) => {
    const runAt = Date.now() + 60_000;
    const scheduled = await bench.submit({ runAt });
    expect(scheduled).toMatchObject({ status: "queued", runAt });
    expect(scheduled.waiting).toMatchObject({ reason: "scheduled", position: null });
    expect(Math.abs((scheduled.waiting?.until ?? 0) - runAt)).toBeLessThan(1_000);
    const now = await bench.submit();
    bench.consume(async () => COMPLETED);
    await bench.until(now.id, "completed");
    expect(await bench.get(scheduled.id)).toMatchObject({ status: "queued", attempt: 0 });
  });

  it("runs a scheduled job when its time has come", async ({ bench }) => {
    const runAt = Date.now() + 150;
    const { id } = await bench.submit({ runAt });
    let startedAt = 0;
    bench.consume(async () => {
      startedAt = Date.now();
      return COMPLETED;
    });
    await bench.until(id, "completed");
    expect(startedAt).toBeGreaterThanOrEqual(runAt - 5);
  });

  it("runs a job whose time is past at once", async ({ bench }) => {
    const { id } = await bench.submit({ runAt: Date.now() - 60_000 });
    expect((await bench.get(id)).waiting?.reason).toBe("worker");
    bench.consume(async () => COMPLETED);
    await bench.until(id, "completed");
  });
});

/** The ids of the next `count` jobs, as one slot runs them. */
async function runOrder(bench: QueueBench, count: number): Promise<JobId[]> {
  const order: JobId[] = [];
  const manual = bench.consumeManually();
  for (let i = 0; i < count; i++) {
    const { attempt, end } = await manual.next();
    order.push(attempt.request.id);
    end(COMPLETED);
  }
  return order;
}
