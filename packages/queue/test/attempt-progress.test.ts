import { waitFor } from "@drover/testkit";
import { describe, expect } from "vitest";
import { COMPLETED, FAILED, queueTest } from "./queue-bench.js";

const it = queueTest();

describe("progress", () => {
  it("shows the newest percent, stage and message", async ({ bench }) => {
    const { id } = await bench.submit();
    const { attempt } = await bench.consumeManually().next();
    await attempt.progress({ percent: 42.5, stage: "classify", message: "Classified 420,000 events" });
    expect((await bench.other.jobs.get(id))?.progress).toEqual({
      percent: 42.5,
      stage: "classify",
      message: "Classified 420,000 events",
    });
  });

  it("never falls within an attempt, while stage and message go on", async ({ bench }) => {
    const { id } = await bench.submit();
    const { attempt } = await bench.consumeManually().next();
    await attempt.progress({ percent: 60, stage: "read", message: null });
    await attempt.progress({ percent: 10, stage: "write", message: "Writing" });
    expect((await bench.get(id)).progress).toEqual({ percent: 60, stage: "write", message: "Writing" });
  });

  it("starts again with the next attempt, whose number says so", async ({ bench }) => {
    const { id } = await bench.submit();
    const manual = bench.consumeManually();
    const first = await manual.next();
    await first.attempt.progress({ percent: 80, stage: "write", message: null });
    first.end(FAILED);
    const second = await manual.next();
    expect(second.attempt.number).toBe(2);
    expect(await bench.get(id)).toMatchObject({
      status: "running",
      attempt: 2,
      progress: { percent: 0, stage: null, message: null },
    });
    await second.attempt.progress({ percent: 5, stage: "read", message: null });
    expect((await bench.get(id)).progress.percent).toBe(5);
  });

  it("drops what an attempt says after it ended", async ({ bench }) => {
    const { id } = await bench.submit();
    const manual = bench.consumeManually();
    const first = await manual.next();
    first.end(FAILED);
    const second = await manual.next();
    await first.attempt.progress({ percent: 99, stage: "ghost", message: null });
    await first.attempt.log([{ attempt: 1, level: "info", message: "ghost", at: Date.now() }]);
    expect(await bench.get(id)).toMatchObject({ attempt: 2, progress: { percent: 0, stage: null } });
    expect((await bench.queue.jobs.history(id)).logs).toEqual([]);
    second.end(COMPLETED);
    await bench.until(id, "completed");
    await second.attempt.progress({ percent: 1, stage: "ghost", message: null });
    expect((await bench.get(id)).progress).toMatchObject({ percent: 100, stage: null });
  });

  it("never falls as another process polls it", async ({ bench }) => {
    const { id } = await bench.submit();
    const manual = bench.consumeManually();
    const { attempt, end } = await manual.next();
    const seen: number[] = [];
    const polling = waitFor(
      async () => {
        const job = await bench.other.jobs.get(id);
        seen.push(job?.progress.percent ?? -1);
        return job?.status === "completed";
      },
      { what: "the polled job to complete" },
    );
    for (const percent of [10, 5, 30, 20, 70]) {
      await attempt.progress({ percent, stage: null, message: null });
    }
    end(COMPLETED);
    await polling;
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(100);
  });
});
