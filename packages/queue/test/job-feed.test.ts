import type { Following, JobChange, JobId, QueuePorts } from "@drover/core";
import { waitFor } from "@drover/testkit";
import { describe, expect } from "vitest";
import { COMPLETED, FAILED, type QueueBench, queueTest } from "./queue-bench.js";

const it = queueTest();

/** What a follower was told. */
interface Told {
  readonly changes: JobChange[];
  readonly following: Following;
  readonly losses: () => number;
}

async function follow(
  queue: QueuePorts,
  options: { readonly id?: JobId; readonly after?: string } = {},
): Promise<Told> {
  const changes: JobChange[] = [];
  let losses = 0;
  const following = await queue.feed.follow("copy", {
    ...options,
    onChange: (change) => changes.push(change),
    onLost: () => {
      losses += 1;
    },
  });
  return { changes, following, losses: () => losses };
}

const spelled = (changes: readonly JobChange[]) =>
  changes.map((change) => {
    if (change.type === "status") return change.status;
    if (change.type === "progress") return change.progress.percent;
    return change.type === "log" ? change.lines.map(({ message }) => message) : change.type;
  });

/** Runs one job with one progress and one log line, to its end. */
async function runOne(bench: QueueBench): Promise<JobId> {
  const { id } = await bench.submit();
  const consumer = bench.consume(async (attempt) => {
    await attempt.progress({ percent: 40, stage: "half", message: null });
    await attempt.log([{ attempt: 1, level: "info", message: "hello", at: 5 }]);
    return COMPLETED;
  });
  await bench.until(id, "completed");
  await consumer.drain(0);
  return id;
}

describe("following", () => {
  it("tells what happens to a job, in order, with positions that grow", async ({ bench }) => {
    const { changes } = await follow(bench.other);
    const id = await runOne(bench);
    await waitFor(() => changes.at(-1)?.type === "status" && spelled(changes).includes("completed"));
    expect(spelled(changes)).toEqual(["queued", "running", 40, ["hello"], "completed"]);
    expect(new Set(changes.map(({ jobId }) => jobId))).toEqual(new Set([id]));
    const ms = changes.map(({ position }) => Number(position.replace("-", ".")));
    expect(ms).toEqual([...ms].sort((a, b) => a - b));
  });

  it("tells each process the same from a position on, what was before it began included", async ({
    bench,
  }) => {
    const { changes } = await follow(bench.queue);
    const id = await runOne(bench);
    await waitFor(() => spelled(changes).includes("completed"));
    for (const [i, { position }] of changes.entries()) {
      const later = await follow(bench.other, { id, after: position });
      expect(later.following.isWhole).toBe(true);
      expect(later.changes).toEqual(changes.slice(i + 1));
    }
  });

  it("tells of one job alone when it is asked to, and nothing after stop", async ({ bench }) => {
    const first = await bench.submit({ runAt: Date.now() + 60_000 });
    const second = await bench.submit({ runAt: Date.now() + 60_000 });
    const one = await follow(bench.other, { id: second.id });
    const all = await follow(bench.other);
    const stopped = await follow(bench.other);
    stopped.following.stop();
    await bench.queue.jobs.cancel(first.id);
    await bench.queue.jobs.cancel(second.id);
    await waitFor(() => one.changes.length > 0 && all.changes.length > 1);
    expect(spelled(all.changes)).toEqual(["cancelled", "cancelled"]);
    expect(one.changes).toEqual(all.changes.slice(1));
    expect(stopped.changes).toEqual([]);
  });

  it("says so when older changes are gone, and for a position that Redis never had", async ({ bench }) => {
    await runOne(bench);
    for (const after of ["1-0", "9999999999999-0", "nonsense"]) {
      const { following, changes } = await follow(bench.other, { after });
      expect([following.isWhole, changes]).toEqual([false, []]);
    }
  });

  it("tells of retries, lost results and removed jobs in the words of a status", async ({ bench }) => {
    const { changes } = await follow(bench.other);
    const { id } = await bench.submit({ maxAttempts: 2 });
    bench.consume(async () => FAILED);
    await bench.until(id, "failed");
    await bench.queue.jobs.remove(id);
    await waitFor(() => spelled(changes).includes("removed"));
    expect(spelled(changes)).toEqual(["queued", "running", "queued", "running", "failed", "removed"]);
  });

  it("hands long logs on in pieces, each line once", async ({ bench }) => {
    const { changes } = await follow(bench.other);
    const { id } = await bench.submit();
    const messages = Array.from({ length: 50 }, (_, i) => `${i} ${"x".repeat(1_000)}`);
    bench.consume(async (attempt) => {
      await attempt.log(messages.map((message) => ({ attempt: 1, level: "info", message, at: 5 })));
      return COMPLETED;
    });
    await bench.until(id, "completed");
    await waitFor(() => spelled(changes).includes("completed"));
    const logs = changes.filter(({ type }) => type === "log");
    expect(logs.length).toBeGreaterThan(5);
    expect(spelled(logs).flat()).toEqual(messages);
  });
});
