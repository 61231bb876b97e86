import { readFileSync } from "node:fs";
import { listProcesses } from "@drover/process-guard";
import { waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { warmChildrenFor } from "../src/children/children.js";
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
    const spares = await childrenOf("fresh");
    expect(await areGone([first.pid])).toBe(true);
    const [, second] = await run("fresh");
    expect(spares).toEqual([second.pid]);
  });

  test("children are started ahead for all slots, and one that ends is replaced", async () => {
    const executor = await bench.warmExecutor("in-no-hurry", 3);
    const ahead = await childrenOf("in-no-hurry");
    expect(ahead).toHaveLength(3);
    const pids = new Set<number>();
    const runOne = async (params = {}) => {
      const outcome = await executor.execute(await bench.attempt("in-no-hurry", { params }));
      if (outcome.kind === "completed") pids.add((outcome.result as Seen).pid);
    };
    await Promise.all([runOne(), runOne(), runOne()]);
    expect([...pids].sort()).toEqual(ahead.sort());
    await runOne({ note: 7 }); // fails
    const after = await childrenOf("in-no-hurry");
    expect(after).toHaveLength(3);
    expect(after.filter((pid) => pids.has(pid))).toHaveLength(2);
  });

  test("as many are started ahead as there is memory for, one at least", () => {
    vi.spyOn(process, "availableMemory").mockReturnValue(4 * 2 ** 30);
    onTestFinished(() => void vi.restoreAllMocks());
    expect([warmChildrenFor(8, 1), warmChildrenFor(8, 3), warmChildrenFor(2, 3)]).toEqual([8, 3, 2]);
    expect(warmChildrenFor(8, 100)).toBe(1);
  });
});

/** The child processes of a fixture. */
async function childrenOf(name: string): Promise<number[]> {
  const isOne = (pid: number) => commandOf(pid).endsWith(`\0${name}\0`);
  const table = await listProcesses();
  return table.filter(({ pid, parent }) => parent === process.pid && isOne(pid)).map(({ pid }) => pid);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // ended since
  }
}
