import { readFileSync } from "node:fs";
import { listProcesses } from "@drover/process-guard";
import { waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { areGone, ExecutorBench, pidsFrom } from "./executor-bench.js";
import type { TestAttempt } from "./test-attempt.js";

let bench: ExecutorBench;
beforeAll(async () => {
  bench = await ExecutorBench.start();
  // From source, the first child may start a compiler: a process that it leaves.
  await run("leaves", { reason: "nothing" });
});
afterAll(() => bench.close());
afterEach(() => {
  expect(bench.leftFolders()).toEqual([]);
});

interface Seen {
  readonly pid: number;
  readonly leftover: string | null;
  readonly keptBytes: number;
  readonly isInScratch: boolean;
}

async function run(processor: string, params: Record<string, unknown> = {}): Promise<[TestAttempt, Seen]> {
  const attempt = await bench.attempt(processor, { params });
  const outcome = await bench.executor(processor).execute(attempt);
  expect(outcome, JSON.stringify(outcome)).toMatchObject({ kind: "completed" });
  return [attempt, outcome.kind === "completed" ? (outcome.result as Seen) : ({} as Seen)];
}

/** What the log says that the attempt did when it was over. */
function lateOf({ request }: TestAttempt): string[] {
  const entries = bench.log.entries.filter(
    ({ level, fields }) => level === "warn" && fields["job_id"] === request.id && "what" in fields,
  );
  return entries.map(({ fields }) => String(fields["what"]));
}

/** One job leaves something, the next looks. */
async function leaveAndObserve(reason: string) {
  const [first, left] = await run("leaves", { reason });
  const [second, seen] = await run("leaves", { reason: "observe" });
  expect(second.lines.map(({ message }) => message)).toEqual(["observed"]);
  expect(second.updates).toEqual([]);
  expect(lateOf(second)).toEqual([]);
  return { first, left, seen };
}

describe("F24: the next job in the place of one", () => {
  test.each([
    ["throws-late", /threw Error: too late/],
    ["rejects-late", /threw Error: too late/],
    ["exits-late", /called process\.exit\(9\)/],
  ])("that %s while it runs completes, and the trouble is told of the old job", async (reason, what) => {
    const { first, left, seen } = await leaveAndObserve(reason);
    const told = bench.log.entries.map(({ message, fields }) => `${message} ${fields["reason"] ?? ""}`);
    expect(seen.pid, told.join("\n")).toBe(left.pid); // or the test means nothing
    expect(lateOf(first)[0]).toMatch(what);
    await waitFor(() => areGone([left.pid]), { what: "that process is gone" });
  });

  test("that logs, prints and reports progress late has none of it", async () => {
    const { first, left, seen } = await leaveAndObserve("says-late");
    expect(seen.pid).toBe(left.pid);
    expect(lateOf(first).map((what) => what.trim())).toEqual([
      "logged too late",
      "reported progress",
      "printed too late",
      "printed too late",
    ]);
  });

  test("that prints to the descriptor while it returns has none of it", async () => {
    const { first, left, seen } = await leaveAndObserve("writes-to-the-descriptor");
    expect(seen.pid).toBe(left.pid);
    expect(first.lines.map(({ message }) => message)).toEqual(["too late"]);
  });

  test.each([
    ["leaks", /keeps memory/],
    ["leaves-a-handle", /left open: TCPServerWrap/],
    ["leaves-a-timer", /left open: Timeout/],
    ["leaves-a-timer-that-keeps-nothing-alive", /left open: Timeout/],
    ["leaves-a-thread", /left open: Worker/],
    ["leaves-a-listener", /left a listener on process: SIGUSR2/],
  ])("that %s runs in another process, and the log says why", async (reason, why) => {
    const { left, seen } = await leaveAndObserve(reason);
    expect(seen.pid).not.toBe(left.pid);
    expect(await areGone([left.pid])).toBe(true);
    const told = bench.log.entries.filter(({ message }) => message.includes("not used again"));
    expect(String(told.at(-1)?.fields["reason"])).toMatch(why);
  });

  test.each(["changes-surroundings", "replaces-the-environment", "defines-a-variable", "deletes-a-variable"])(
    "that %s finds environment and working folder as they were",
    async (reason) => {
      const { left, seen } = await leaveAndObserve(reason);
      expect(seen).toMatchObject({ pid: left.pid, leftover: null, isInScratch: false });
    },
  );

  test("that throws between two jobs is a process ended, and no job", async () => {
    const [first, left] = await run("leaves", { reason: "throws-when-idle" });
    await waitFor(() => areGone([left.pid]), { what: "that process is gone" });
    const [, seen] = await run("leaves", { reason: "observe" });
    expect(seen.pid).not.toBe(left.pid);
    expect(lateOf(first)[0]).toMatch(/threw Error: too late/);
  });
});

describe("F24: a daemon", () => {
  test("ends with the attempt that started it", async () => {
    const note = bench.notePath();
    const [, left] = await run("leaves", { reason: "leaves-a-daemon", note });
    expect(await areGone([...(await pidsFrom(note)), left.pid])).toBe(true);
  });

  test("ends when its attempt is cancelled", async () => {
    const note = bench.notePath();
    const attempt = await bench.attempt("leaves", { params: { reason: "runs-on-with-a-daemon", note } });
    const running = bench.executor("leaves").execute(attempt);
    const daemons = await pidsFrom(note);
    expect(await areGone(daemons)).toBe(false);
    attempt.stop("cancelled");
    expect(await running).toEqual({ kind: "cancelled" });
    expect(await areGone(daemons)).toBe(true);
  });
});

describe("isolation", () => {
  test("fresh gives each attempt a process of its own, with the next one started ahead", async () => {
    const [, first] = await run("fresh");
    const spares = (await listProcesses()).filter(
      ({ pid, parent }) => parent === process.pid && commandOf(pid).endsWith("\0fresh\0"),
    );
    expect(await areGone([first.pid])).toBe(true);
    const [, second] = await run("fresh");
    expect(spares.map(({ pid }) => pid)).toEqual([second.pid]);
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // ended since
  }
}
