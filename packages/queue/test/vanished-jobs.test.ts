import type { JobRequest } from "@drover/core";
import { newRequest, signal, waitFor } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { queueOnRedis } from "./queue-bench.js";

const RETRY = { baseDelayMs: 0, maxDelayMs: 0 };
const LATER = 10_000_000_000_000;

const on = queueOnRedis();

const jobKey = (request: JobRequest) => `{${on.prefix}:copy}:copy:${request.id}`;

describe("a job whose record is gone", () => {
  it("is not run from its id alone, and comes back as it was when it is submitted again", async () => {
    const request = newRequest();
    await on.queue.jobs.submit(request);
    await on.client.del(jobKey(request));
    const consumer = on.queue.attempts.consume(
      "copy",
      { slots: 1, workerId: "w", retry: RETRY },
      async () => ({
        ...{ kind: "completed", result: "ran", artifacts: [] },
      }),
    );
    await waitFor(async () => (await on.client.exists(`{${on.prefix}:copy}:copy:prioritized`)) === 0);
    await waitFor(async () => (await on.queue.health.depth("copy")).running === 0);
    expect(await on.client.exists(jobKey(request)), "no stub is left").toBe(0);
    expect(await on.queue.finished.clearRemains(request)).toBe(true);
    await on.queue.jobs.submit(request, { isRestored: true });
    expect(await waitFor(async () => (await on.queue.jobs.get(request.id))?.result)).toBe("ran");
    await consumer.drain(0);
  });

  it("is cleared from wherever its id stands, and one with a record is not", async () => {
    const waiting = newRequest();
    const scheduled = newRequest({ runAt: Date.now() + 60_000 });
    const ended = newRequest();
    await on.queue.jobs.submit(ended);
    await on.queue.jobs.cancel(ended.id);
    await on.queue.jobs.submit(waiting);
    await on.queue.jobs.submit(scheduled);
    for (const request of [waiting, scheduled, ended]) {
      expect(await on.queue.finished.clearRemains(request)).toBe(false);
      await on.client.del(jobKey(request));
      expect(await on.queue.finished.clearRemains(request)).toBe(true);
    }
    expect(await on.queue.health.depth("copy")).toEqual({ queued: 0, running: 0 });
    expect(await on.queue.finished.finishedBefore("copy", "failed", LATER, 9)).toEqual([]);
  });

  it("has one end when it was running: the attempt that lost it counts for nothing, also in the same worker", async () => {
    const request = newRequest();
    const attempts: { number: number; stopped: Promise<unknown> }[] = [];
    const started = [signal(), signal()];
    const go = signal();
    const places: string[] = [];
    const consumer = on.queue.attempts.consume(
      "copy",
      {
        ...{ slots: 2, workerId: "w", retry: RETRY },
        onFinished: async () => void places.push("finished"),
        onDiscarded: async () => void places.push("discarded"),
      },
      async (attempt) => {
        const stopped = new Promise((resolve) => attempt.signal.addEventListener("abort", resolve));
        attempts.push({ number: attempt.number, stopped });
        const place = attempts.length;
        started[place - 1]?.resolve();
        await Promise.race([stopped, go.promise]);
        return { kind: "completed", result: place, artifacts: [] };
      },
    );
    await on.queue.jobs.submit(request);
    await started[0]?.promise;
    await on.client.del(jobKey(request));
    expect(await on.queue.finished.clearRemains(request)).toBe(true);
    await on.queue.jobs.submit(request, { isRestored: true });
    await attempts[0]?.stopped;
    await started[1]?.promise;
    go.resolve();
    expect(await waitFor(async () => (await on.queue.jobs.get(request.id))?.result)).toBe(2);
    await consumer.drain(0);
    expect(places).toEqual(["discarded", "finished"]);
  });
});
