import type { Job, JobId, Outcome } from "@drover/core";
import { waitFor } from "@drover/testkit";
import { describe, expect } from "vitest";
import { COMPLETED, FAILED, type QueueBench, queueTest } from "./queue-bench.js";

const it = queueTest();

describe("retries", () => {
  it("tries a failed job again until its attempts are used up", async ({ bench }) => {
    const { id } = await bench.submit({ maxAttempts: 3 });
    const numbers: number[] = [];
    bench.consume(async (attempt) => {
      numbers.push(attempt.number);
      return FAILED;
    });
    expect(await bench.until(id, "failed")).toMatchObject({
      attempt: 3,
      maxAttempts: 3,
      error: { code: "processor_error", message: "It broke.", retryable: true },
    });
    expect(numbers).toEqual([1, 2, 3]);
  });

  it("completes a job whose second attempt does, without a trace of the first failure in the job", async ({
    bench,
  }) => {
    const { id } = await bench.submit();
    const manual = bench.consumeManually();
    (await manual.next()).end(FAILED);
    (await manual.next()).end(COMPLETED);
    expect(await bench.until(id, "completed")).toMatchObject({
      attempt: 2,
      error: null,
      result: { ok: true },
    });
  });

  it("does not try again a job with one attempt, or one whose failure is final", async ({ bench }) => {
    const single = await bench.submit({ maxAttempts: 1 });
    const final = await bench.submit({ maxAttempts: 20 });
    let runs = 0;
    bench.consume(async () => {
      runs += 1;
      return { kind: "failed", code: "input_invalid", message: "No.", retryable: false };
    });
    await bench.until(single.id, "failed");
    await bench.until(final.id, "failed");
    expect(runs).toBe(2);
  });

  it("waits as long as the failure asks, and says until when", async ({ bench }) => {
    const { id } = await bench.submit();
    const before = Date.now();
    const later: Outcome = { ...FAILED, retryAfterMs: 60_000 };
    (await bench.consumeManually().next()).end(later);
    const job = await untilBackoff(bench, id);
    expect(job).toMatchObject({ status: "queued", attempt: 1, error: null, finishedAt: null });
    expect(job.waiting).toMatchObject({ reason: "retry_backoff", position: null });
    expect(job.waiting?.until).toBeGreaterThanOrEqual(before + 60_000);
    expect(job.waiting?.until).toBeLessThan(Date.now() + 61_000);
  });

  it("starts the next attempt when the wait is over, and not before", async ({ bench }) => {
    await bench.submit();
    const manual = bench.consumeManually();
    const startedAt = performance.now();
    (await manual.next()).end({ ...FAILED, retryAfterMs: 120 });
    const second = await manual.next();
    expect(second.attempt.number).toBe(2);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(115);
  });

  it("spreads the waits of the policy's own delays between zero and its bound", async ({ bench }) => {
    const jobs = await Promise.all(Array.from({ length: 12 }, () => bench.submit()));
    const before = Date.now();
    bench.consume(async () => FAILED, {
      slots: 4,
      retry: { baseDelayMs: 3_600_000, maxDelayMs: 3_600_000 },
    });
    const waiting = await Promise.all(
      jobs.map(async ({ id }) => {
        const job = await untilBackoff(bench, id);
        return job.waiting?.until ?? 0;
      }),
    );
    for (const until of waiting) expect(until).toBeLessThanOrEqual(Date.now() + 3_600_000);
    // Twelve uniform draws from an hour lie within one minute of each other once in 10^18 runs.
    expect(Math.max(...waiting) - Math.min(...waiting)).toBeGreaterThan(60_000);
    expect(Math.min(...waiting)).toBeGreaterThanOrEqual(before);
  });
});

function untilBackoff(bench: QueueBench, id: JobId): Promise<Job> {
  return waitFor(
    async () => {
      const job = await bench.get(id);
      return job.waiting?.reason === "retry_backoff" ? job : undefined;
    },
    { what: `job ${id} to wait for its retry` },
  );
}
