import { newJobId, waitFor } from "@drover/testkit";
import { describe, expect } from "vitest";
import { COMPLETED, queueTest } from "./queue-bench.js";

const it = queueTest();

describe("waiting for a change", () => {
  it("wakes one who waits, until the job has ended", async ({ bench }) => {
    const { id } = await bench.submit();
    const watching = (async () => {
      let wakes = 0;
      const giveUp = AbortSignal.timeout(5_000);
      while ((await bench.other.jobs.get(id))?.status !== "completed") {
        giveUp.throwIfAborted();
        await bench.other.jobs.changed(id, giveUp);
        wakes += 1;
      }
      return wakes;
    })();
    const { attempt, end } = await bench.consumeManually().next();
    await attempt.progress({ percent: 50, stage: null, message: null });
    end(COMPLETED);
    expect(await watching).toBeGreaterThan(0);
  });

  it("lets go when the signal aborts, before or meanwhile", async ({ bench }) => {
    const { id } = await bench.submit();
    await bench.queue.jobs.changed(id, AbortSignal.abort());
    const stop = new AbortController();
    const waiting = bench.queue.jobs.changed(id, stop.signal);
    stop.abort();
    await waiting;
  });

  it("lets go for an unknown id as well", async ({ bench }) => {
    const stop = new AbortController();
    const waiting = bench.queue.jobs.changed(newJobId(), stop.signal);
    stop.abort();
    await waiting;
  });

  it("wakes many at once", async ({ bench }) => {
    const { id } = await bench.submit();
    const manual = bench.consumeManually();
    const { end } = await manual.next();
    let woken = 0;
    const watch = async () => {
      while ((await bench.queue.jobs.get(id))?.status === "running") {
        await bench.queue.jobs.changed(id, AbortSignal.timeout(5_000));
      }
      woken += 1;
    };
    const watching = Promise.all(Array.from({ length: 10 }, watch));
    end(COMPLETED);
    await watching;
    await waitFor(() => woken === 10);
  });
});
