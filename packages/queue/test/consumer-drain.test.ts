import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { COMPLETED, FAILED, ManualConsumer, type QueueBench, queueTest } from "./queue-bench.js";

const it = queueTest();

/** A long time that a test never waits for. */
const PATIENT_MS = 60_000;

describe("draining", () => {
  it("resolves when nothing was ever taken, and twice", async ({ bench }) => {
    const consumer = bench.consume(async () => COMPLETED);
    await Promise.all([consumer.drain(PATIENT_MS), consumer.drain(PATIENT_MS)]);
    await consumer.drain(0);
    expect(consumer.running).toBe(0);
  });

  it("lets a running attempt end, records it, and takes nothing more", async ({ bench }) => {
    const running = await bench.submit();
    const waiting = await bench.submit();
    const manual = new ManualConsumer();
    const consumer = bench.consume(manual.execute);
    const { attempt, end } = await manual.next();
    expect(consumer.running).toBe(1);
    const drained = consumer.drain(PATIENT_MS);
    expect(attempt.signal.aborted).toBe(false);
    end(COMPLETED);
    await drained;
    expect(await bench.get(running.id)).toMatchObject({ status: "completed" });
    expect(await bench.get(waiting.id)).toMatchObject({ status: "queued", attempt: 0 });
    expect(manual.started).toBe(1);
    expect(consumer.running).toBe(0);
  });

  it("aborts what runs past the deadline as drained, and gives it back first in line", async ({ bench }) => {
    const { id } = await bench.submit();
    const behind = await bench.submit();
    const manual = new ManualConsumer();
    const consumer = bench.consume(manual.execute);
    const { attempt } = await manual.next();
    await consumer.drain(20);
    expect(attempt.signal.reason).toBe("drained");
    expect(await bench.get(id)).toMatchObject({
      status: "queued",
      waiting: { reason: "worker", position: 1 },
      finishedAt: null,
      error: null,
    });
    const next = await bench.consumeManually({ on: bench.other }).next();
    expect(next.attempt.request.id).toBe(id);
    expect(await bench.get(behind.id)).toMatchObject({ status: "queued" });
  });

  describe("when a job was taken with the end of another", () => {
    /** Ends the first of two jobs and drains when the second one is in the consumer's hands. */
    async function drainBetween(bench: QueueBench, deadlineMs: number, runMs = 0) {
      const first = await bench.submit();
      const second = await bench.submit();
      const consumer = bench.consume(
        async ({ request }) => {
          if (request.id === second.id) await sleep(runMs);
          return COMPLETED;
        },
        { onFinished: async () => void consumer.drain(deadlineMs) },
      );
      await bench.until(first.id, "completed");
      await consumer.drain(deadlineMs);
      const { events } = await bench.queue.jobs.history(second.id);
      return { second, events: events.map(({ type }) => type) };
    }

    it("runs it to its end, however long it takes within the deadline", async ({ bench }) => {
      const { second, events } = await drainBetween(bench, PATIENT_MS, 1_500);
      expect(events).toEqual(["accepted", "started", "finished"]);
      expect(await bench.get(second.id)).toMatchObject({ status: "completed", attempt: 1 });
    });

    it("gives it back after the deadline, uncounted", async ({ bench }) => {
      const { second, events } = await drainBetween(bench, 0);
      expect(events).toEqual(["accepted", "started", "released"]);
      expect(await bench.get(second.id)).toMatchObject({
        status: "queued",
        maxAttempts: second.maxAttempts + 1,
      });
    });
  });

  it("does not count an attempt that was given back", async ({ bench }) => {
    const { id } = await bench.submit({ maxAttempts: 2 });
    const manual = bench.consumeManually();
    (await manual.next()).end({ kind: "released" });
    const numbers = [];
    for (let i = 0; i < 2; i++) {
      const { attempt, end } = await manual.next();
      numbers.push(attempt.number);
      end(FAILED);
    }
    const job = await bench.until(id, "failed");
    // A number of its own for each start, so that progress never falls within one.
    expect(numbers).toEqual([2, 3]);
    expect(job).toMatchObject({ attempt: 3, maxAttempts: 3 });
    const { events } = await bench.queue.jobs.history(id);
    expect(events).toContainEqual(
      expect.objectContaining({ type: "released", attempt: 1, worker: "worker-1" }),
    );
  });

  it("passes its jobs on to another worker without losing or doubling one", async ({ bench }) => {
    const jobs = await Promise.all(Array.from({ length: 12 }, () => bench.submit()));
    const completed: string[] = [];
    const first = new ManualConsumer();
    const leaving = bench.consume(first.execute, { slots: 3 });
    for (let i = 0; i < 3; i++) await first.next();
    const drained = leaving.drain(0);
    bench.consume(
      async (attempt) => {
        completed.push(attempt.request.id);
        return COMPLETED;
      },
      { on: bench.other, slots: 3, workerId: "worker-2" },
    );
    await drained;
    await Promise.all(jobs.map((job) => bench.until(job.id, "completed")));
    expect(completed.sort()).toEqual(jobs.map((job) => job.id).sort());
  });
});
