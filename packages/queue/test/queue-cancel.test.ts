import type { Outcome } from "@drover/core";
import { newJobId, signal, waitFor } from "@drover/testkit";
import { describe, expect } from "vitest";
import { COMPLETED, FAILED, type QueueBench, queueTest } from "./queue-bench.js";

const it = queueTest();

describe("cancelling", () => {
  it("ends a queued job at once, which never starts", async ({ bench }) => {
    const { id } = await bench.submit();
    expect(await bench.other.jobs.cancel(id)).toBe("cancelled");
    expect(await bench.get(id)).toMatchObject({
      status: "cancelled",
      attempt: 0,
      error: null,
      waiting: null,
      isCancelling: false,
      finishedAt: expect.any(Number),
    });
    const manual = bench.consumeManually();
    const next = await bench.submit();
    (await manual.next()).end(COMPLETED);
    await bench.until(next.id, "completed");
    expect(manual.started).toBe(1);
  });

  it("ends a job that waits for its time or for a retry", async ({ bench }) => {
    const scheduled = await bench.submit({ runAt: Date.now() + 60_000 });
    expect(await bench.queue.jobs.cancel(scheduled.id)).toBe("cancelled");
    const failing = await bench.submit();
    (await bench.consumeManually().next()).end({ ...FAILED, retryAfterMs: 60_000 });
    await bench.until(failing.id, "queued");
    await waitFor(async () => (await bench.get(failing.id)).waiting?.reason === "retry_backoff");
    expect(await bench.queue.jobs.cancel(failing.id)).toBe("cancelled");
    for (const { id } of [scheduled, failing]) {
      expect(await bench.get(id)).toMatchObject({ status: "cancelled", error: null });
    }
  });

  it("stops a running attempt of another process within 2 s, and shows the wish meanwhile", async ({
    bench,
  }) => {
    const { id } = await bench.submit();
    const { attempt } = await bench.consumeManually({ on: bench.other }).next();
    let reason: unknown;
    attempt.signal.addEventListener("abort", () => {
      reason = attempt.signal.reason;
    });
    expect(await bench.queue.jobs.cancel(id)).toBe("cancelling");
    await waitFor(() => reason !== undefined, { deadlineMs: 2_000, what: "the signal to abort" });
    expect(reason).toBe("cancelled");
    expect(await bench.until(id, "cancelled")).toMatchObject({ attempt: 1, error: null, result: null });
  });

  it("says that a running job is being cancelled until its attempt has ended", async ({ bench }) => {
    const { id } = await bench.submit();
    const end = await deafAttempt(bench);
    expect(await bench.queue.jobs.cancel(id)).toBe("cancelling");
    expect(await bench.queue.jobs.cancel(id)).toBe("cancelling");
    expect(await bench.get(id)).toMatchObject({ status: "running", isCancelling: true });
    end({ kind: "cancelled" });
    expect(await bench.until(id, "cancelled")).toMatchObject({ isCancelling: false });
  });

  it("lets a result stand that came before the attempt heard of the wish", async ({ bench }) => {
    const { id } = await bench.submit();
    const end = await deafAttempt(bench);
    await bench.queue.jobs.cancel(id);
    end(COMPLETED);
    expect(await bench.until(id, "completed")).toMatchObject({ result: { ok: true }, isCancelling: false });
  });

  it("leaves a finished job as it is", async ({ bench }) => {
    const done = await bench.submit();
    const failed = await bench.submit({ maxAttempts: 1 });
    const cancelled = await bench.submit();
    await bench.queue.jobs.cancel(cancelled.id);
    const manual = bench.consumeManually();
    (await manual.next()).end(COMPLETED);
    (await manual.next()).end(FAILED);
    await bench.until(done.id, "completed");
    await bench.until(failed.id, "failed");
    for (const { id } of [done, failed, cancelled]) {
      const before = await bench.get(id);
      expect(await bench.queue.jobs.cancel(id)).toBe("already_finished");
      expect(await bench.get(id)).toEqual(before);
    }
  });

  it("answers not_found for an unknown id", async ({ bench }) => {
    expect(await bench.queue.jobs.cancel(newJobId())).toBe("not_found");
  });
});

/**
 * Starts a consumer whose attempt does not listen to its signal; resolves once it runs, with the function
 * that ends it.
 */
async function deafAttempt(bench: QueueBench): Promise<(outcome: Outcome) => void> {
  const started = signal<(outcome: Outcome) => void>();
  bench.consume(() => new Promise((resolve) => started.resolve(resolve)));
  return started.promise;
}
