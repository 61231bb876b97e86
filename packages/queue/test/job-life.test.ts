import { type Artifact, isRetryable, type Outcome } from "@drover/core";
import { waitFor } from "@drover/testkit";
import { describe, expect } from "vitest";
import { COMPLETED, queueTest } from "./queue-bench.js";

const it = queueTest();

const ARTIFACT: Artifact = {
  name: "out.csv",
  key: "jobs/1/1-a/out.csv",
  sizeBytes: 1,
  mediaType: "text/csv",
  sha256: "11".repeat(32),
  isPrimary: true,
  crc32: 0xffffffff,
  gzip: { sizeBytes: 24, sha256: "22".repeat(32) },
};

describe("the life of a job", () => {
  it("runs a queued job, and completes it with its result and artifacts", async ({ bench }) => {
    const { id } = await bench.submit();
    const manual = bench.consumeManually();
    const { end } = await manual.next();
    expect(await bench.get(id)).toMatchObject({
      status: "running",
      attempt: 1,
      waiting: null,
      startedAt: expect.any(Number),
      finishedAt: null,
    });
    end({ kind: "completed", result: { events: 3 }, artifacts: [ARTIFACT] });
    const job = await bench.until(id, "completed");
    expect(job).toMatchObject({
      attempt: 1,
      result: { events: 3 },
      artifacts: [ARTIFACT],
      error: null,
      progress: { percent: 100 },
      isCancelling: false,
    });
    expect(job.finishedAt).toBeGreaterThanOrEqual(job.startedAt ?? Number.POSITIVE_INFINITY);
  });

  it("never shows a completed job without its result", async ({ bench }) => {
    const { id } = await bench.submit();
    const manual = bench.consumeManually();
    const { end } = await manual.next();
    const seen = (async () => {
      while (true) {
        const job = await bench.other.jobs.get(id);
        if (job?.status === "completed") return job.result;
        expect(job?.result).toBeNull();
      }
    })();
    end({ kind: "completed", result: "whole", artifacts: [] });
    expect(await seen).toBe("whole");
  });

  it("hands the attempt everything that was asked for", async ({ bench }) => {
    const request = bench.request({ timeoutMs: 1_234, queueTimeoutMs: 60_000, priority: 7 });
    await bench.queue.jobs.submit(request);
    const { attempt } = await bench.consumeManually().next();
    expect(attempt.request).toEqual(request);
    expect(attempt.number).toBe(1);
    expect(attempt.signal.aborted).toBe(false);
  });

  it.for([
    ["input_invalid", false],
    ["processor_error", false],
  ] as const)(
    "fails a job whose attempt ended with %s and is not to be tried again",
    async ([code, retryable], { bench }) => {
      const { id } = await bench.submit();
      (await bench.consumeManually().next()).end({
        kind: "failed",
        code,
        message: "Row 12: no time.",
        retryable,
      });
      expect(await bench.until(id, "failed")).toMatchObject({
        attempt: 1,
        error: { code, message: "Row 12: no time.", retryable: isRetryable(code) },
        result: null,
        artifacts: [],
        finishedAt: expect.any(Number),
      });
    },
  );

  it("tells the worker of the end, after it was recorded", async ({ bench }) => {
    const told: { outcome: Outcome; status: string | undefined }[] = [];
    const { id } = await bench.submit();
    const manual = bench.consumeManually({
      onFinished: async (attempt, outcome) => {
        told.push({ outcome, status: (await bench.other.jobs.get(attempt.request.id))?.status });
      },
    });
    (await manual.next()).end(COMPLETED);
    await bench.until(id, "completed");
    await waitFor(() => told.length > 0, { what: "onFinished" });
    expect(told).toEqual([{ outcome: COMPLETED, status: "completed" }]);
  });

  it("runs as many attempts at a time as there are slots", async ({ bench }) => {
    for (let i = 0; i < 5; i++) await bench.submit();
    const manual = bench.consumeManually({ slots: 3 });
    const [first] = [await manual.next(), await manual.next(), await manual.next()];
    expect(await bench.queue.health.depth(bench.processor)).toEqual({ queued: 2, running: 3 });
    expect(manual.started).toBe(3);
    first.end(COMPLETED);
    await manual.next();
    expect(manual.started).toBe(4);
  });

  it("shares jobs among consumers, each job to one", async ({ bench }) => {
    const jobs = await Promise.all(Array.from({ length: 30 }, () => bench.submit()));
    const runs: string[] = [];
    for (const on of [bench.queue, bench.other]) {
      bench.consume(
        async (attempt) => {
          runs.push(attempt.request.id);
          return COMPLETED;
        },
        { on, slots: 4 },
      );
    }
    await Promise.all(jobs.map((job) => bench.until(job.id, "completed")));
    expect(runs.sort()).toEqual(jobs.map((job) => job.id).sort());
  });

  it("leaves jobs of other processors alone", async ({ bench }) => {
    const foreign = await bench.submit({ processor: `${bench.processor}-other` });
    const own = await bench.submit();
    bench.consume(async () => COMPLETED);
    await bench.until(own.id, "completed");
    expect(await bench.get(foreign.id)).toMatchObject({ status: "queued", attempt: 0 });
  });
});
