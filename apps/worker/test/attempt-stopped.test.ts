import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { areGone, ExecutorBench, pidsFrom } from "./executor-bench.js";

let bench: ExecutorBench;
beforeAll(async () => {
  bench = await ExecutorBench.start();
});
afterAll(() => bench.close());
afterEach(async () => {
  expect(bench.leftFolders(), "no attempt leaves its folder").toEqual([]);
});

describe("an attempt that is stopped", () => {
  test.each(["never-returns", "blocks"])(
    "one that %s ends in a timeout, and its process is gone",
    async (processor) => {
      const note = bench.notePath();
      const attempt = await bench.attempt(processor, { params: { note } });
      expect(await bench.executor(processor).execute(attempt)).toEqual({
        kind: "failed",
        code: "timeout",
        message: "The attempt took longer than its limit of 0.5 s.",
        retryable: true,
      });
      expect(await areGone(await pidsFrom(note))).toBe(true);
    },
  );

  test("the job's own timeout counts when it is shorter than the processor's", async () => {
    const attempt = await bench.attempt("winds-down", { timeoutMs: 300 });
    expect(await bench.executor("winds-down").execute(attempt)).toMatchObject({
      code: "timeout",
      message: expect.stringContaining("0.3 s"),
    });
  });

  test("one that outgrows its memory limit is out_of_memory", async () => {
    expect(await bench.outcomeOf("leaks")).toEqual({
      kind: "failed",
      code: "out_of_memory",
      message: "The attempt used more memory than its limit of 300 MiB.",
      retryable: true,
    });
  });

  test.each(["spawns", "spawns-in-own-session", "ignores-signals", "blocks", "winds-down"])(
    "a cancel of one that %s takes less than 2 s, processes that it started included",
    async (processor) => {
      const note = bench.notePath();
      const attempt = await bench.attempt(processor, { params: { note }, timeoutMs: 30_000 });
      const running = bench.executor(processor).execute(attempt);
      const pids = await pidsFrom(note);
      const askedAt = performance.now();
      attempt.stop("cancelled");
      expect(await running).toEqual({ kind: "cancelled" });
      expect(await areGone(pids)).toBe(true);
      expect(performance.now() - askedAt).toBeLessThan(2_000);
    },
  );

  test.each(["drained", "lease_lost"] as const)(
    "a partial result after a stop for %s is not published",
    async (reason) => {
      const note = bench.notePath();
      const attempt = await bench.attempt("winds-down", { params: { note } });
      const running = bench.executor("winds-down").execute(attempt);
      await pidsFrom(note);
      attempt.stop(reason);
      expect(await running).toEqual({ kind: "released" });
      expect(await bench.keys(`jobs/${attempt.request.id}/`)).toEqual([]);
    },
  );

  test("one that is stopped before it began does not run", async () => {
    const attempt = await bench.attempt("good");
    attempt.stop("cancelled");
    expect(await bench.executor("good").execute(attempt)).toEqual({ kind: "cancelled" });
  });
});

describe("processes", () => {
  test("a child is reused after a return, and replaced after a failure", async () => {
    const pidOf = async (params: Record<string, unknown> = {}) => {
      const outcome = await bench.executor("good").execute(await bench.attempt("good", { params }));
      return outcome.kind === "completed" ? (outcome.result as { pid: number }).pid : undefined;
    };
    const first = await pidOf();
    expect(await pidOf()).toBe(first);
    await pidOf({ note: 7 });
    expect(await pidOf()).not.toBe(first);
    expect(await areGone([first ?? 0])).toBe(true);
  });

  test("a child is replaced after as many attempts as the settings say", async () => {
    const own = await ExecutorBench.start({ maxAttempts: 2 });
    const pids: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const outcome = await own.executor("good").execute(await own.attempt("good"));
      if (outcome.kind === "completed") pids.push((outcome.result as { pid: number }).pid);
    }
    await own.close();
    expect(pids[1]).toBe(pids[0]);
    expect(pids[2]).not.toBe(pids[0]);
  });

  test("attempts at a time run in a child each", async () => {
    const attempts = await Promise.all([1, 2, 3].map(() => bench.attempt("in-no-hurry")));
    const pids = await Promise.all(
      attempts.map(async (attempt) => {
        const outcome = await bench.executor("in-no-hurry").execute(attempt);
        return outcome.kind === "completed" ? (outcome.result as { pid: number }).pid : undefined;
      }),
    );
    expect(new Set(pids).size).toBe(3);
  });

  test("a process that a returned attempt left behind is killed", async () => {
    const note = bench.notePath();
    const attempt = await bench.attempt("leaves-a-process-behind", { params: { note } });
    expect(await bench.executor("leaves-a-process-behind").execute(attempt)).toMatchObject({
      kind: "completed",
    });
    expect(await areGone(await pidsFrom(note))).toBe(true);
  });

  test("neighbours of a crash, a block and a timeout go on", async () => {
    const outcomes = await Promise.all(
      ["good", "exits", "good", "blocks", "segfaults", "good", "never-returns", "good"].map((processor) =>
        bench.outcomeOf(processor),
      ),
    );
    expect(outcomes.map((outcome) => (outcome.kind === "failed" ? outcome.code : outcome.kind))).toEqual([
      "completed",
      "crashed",
      "completed",
      "timeout",
      "crashed",
      "completed",
      "timeout",
      "completed",
    ]);
  });
});
