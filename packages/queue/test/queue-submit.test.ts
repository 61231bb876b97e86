import { parseJobId } from "@drover/core";
import { describe, expect } from "vitest";
import { queueTest } from "./queue-bench.js";

const it = queueTest();

describe("submitting", () => {
  it("answers the job as it stands, and shows it to every process at once", async ({ bench }) => {
    const { timeoutMs: _timeout, queueTimeoutMs: _queueTimeout, ...shown } = bench.request();
    const job = await bench.queue.jobs.submit({ ...shown, timeoutMs: 5_000, queueTimeoutMs: null });
    expect(job).toEqual({
      ...shown,
      status: "queued",
      progress: { percent: 0, stage: null, message: null },
      attempt: 0,
      waiting: { reason: "worker", position: 1, until: null },
      updatedAt: expect.any(Number),
      startedAt: null,
      finishedAt: null,
      isCancelling: false,
      result: null,
      artifacts: [],
      error: null,
    });
    const { updatedAt: _updated, ...rest } = job;
    expect(await bench.other.jobs.get(job.id)).toMatchObject(rest);
  });

  it("answers the stored job for an id that exists, and changes nothing", async ({ bench }) => {
    const first = await bench.submit();
    const second = await bench.other.jobs.submit(
      bench.request({ id: first.id, params: { other: true }, priority: 5 }),
    );
    expect(second).toMatchObject({
      params: first.params,
      priority: first.priority,
      createdAt: first.createdAt,
    });
    expect((await bench.queue.jobs.list({ limit: 10 })).jobs).toHaveLength(1);
  });

  it("makes one job of many submits of one id at once, which runs once", async ({ bench }) => {
    const request = bench.request();
    const jobs = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? bench.queue : bench.other).jobs.submit(request)),
    );
    expect(new Set(jobs.map((job) => job.id)).size).toBe(1);
    let runs = 0;
    bench.consume(async () => {
      runs += 1;
      return { kind: "completed", result: null, artifacts: [] };
    });
    await bench.until(request.id, "completed");
    const last = await bench.submit();
    await bench.until(last.id, "completed");
    expect(runs).toBe(2);
  });

  it("does not run a finished job again when its id is submitted again", async ({ bench }) => {
    const request = bench.request();
    await bench.queue.jobs.submit(request);
    const manual = bench.consumeManually();
    (await manual.next()).end({ kind: "completed", result: 1, artifacts: [] });
    await bench.until(request.id, "completed");
    expect(await bench.other.jobs.submit(request)).toMatchObject({ status: "completed", result: 1 });
  });

  it("knows nothing of an id that was never submitted", async ({ bench }) => {
    const unknown = parseJobId("12345678-1234-1234-1234-123456789abc");
    expect(await bench.queue.jobs.get(unknown)).toBeUndefined();
    expect(await bench.queue.jobs.history(unknown)).toEqual({ events: [], logs: [] });
  });

  it("takes an id of any version", async ({ bench }) => {
    const id = parseJobId("12345678-1234-1234-1234-123456789abc");
    await bench.submit({ id });
    expect(await bench.get(id)).toMatchObject({ id, status: "queued" });
  });
});
