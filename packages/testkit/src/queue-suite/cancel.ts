import type { Outcome } from "@drover/core";
import { expect, it } from "vitest";
import { signal, waitFor } from "../wait-for-state.js";
import { COMPLETED, FAILED, newJobId, type QueueBench, type WithBench } from "./bench.js";

/** Cancelling a job wherever it stands. */
export function cancelTopic(withBench: WithBench): void {
  it(
    "ends a queued job at once, which never starts",
    withBench(async (bench) => {
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
    }),
  );

  it(
    "ends a job that waits for its time or for a retry",
    withBench(async (bench) => {
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
    }),
  );

  it(
    "stops a running attempt of another process within 2 s, and shows the wish meanwhile",
    withBench(async (bench) => {
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
    }),
  );

  it(
    "says that a running job is being cancelled until its attempt has ended",
    withBench(async (bench) => {
      const { id } = await bench.submit();
      const end = await deafAttempt(bench);
      expect(await bench.queue.jobs.cancel(id)).toBe("cancelling");
      expect(await bench.queue.jobs.cancel(id)).toBe("cancelling");
      expect(await bench.get(id)).toMatchObject({ status: "running", isCancelling: true });
      end({ kind: "cancelled" });
      expect(await bench.until(id, "cancelled")).toMatchObject({ isCancelling: false });
    }),
  );

  it(
    "lets a result stand that came before the attempt heard of the wish",
    withBench(async (bench) => {
      const { id } = await bench.submit();
      const end = await deafAttempt(bench);
      await bench.queue.jobs.cancel(id);
      end(COMPLETED);
      expect(await bench.until(id, "completed")).toMatchObject({ result: { ok: true }, isCancelling: false });
    }),
  );

  it(
    "leaves a finished job as it is",
    withBench(async (bench) => {
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
    }),
  );

  it(
    "answers not_found for an unknown id",
    withBench(async (bench) => {
      expect(await bench.queue.jobs.cancel(newJobId())).toBe("not_found");
    }),
  );
}

/** Starts a consumer whose attempt does not listen to its signal; resolves once it runs, with the function that ends it. */
async function deafAttempt(bench: QueueBench): Promise<(outcome: Outcome) => void> {
  const started = signal<(outcome: Outcome) => void>();
  bench.consume(() => new Promise((resolve) => started.resolve(resolve)));
  return started.promise;
}
