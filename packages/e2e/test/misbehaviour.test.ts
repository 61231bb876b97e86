import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Job } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAlive } from "../src/drover-process.js";
import { ONLY_IN_FULL, System } from "../src/system.js";

/** How each kind of misbehaviour ends, and what a client may read about it. */
const ENDS: readonly (readonly [how: string, code: string, attempts: number])[] = [
  ["throw", "processor_error", 2],
  ["reject", "processor_error", 2],
  ["exit", "crashed", 2],
  ["segfault", "crashed", 2],
  ["invalid", "input_invalid", 1],
];

describe("processors that misbehave", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({
      apis: 1,
      workers: 1,
      processors: ["digest", "misbehave"],
      env: { DROVER_CONCURRENCY: "4" },
      hasRealLease: true, // a short one is lost on a busy machine, and the attempt does not count then
    });
  });
  afterAll(() => system.stop());

  const submit = (processor: string, params: Record<string, unknown>, options = {}) =>
    system.client().submit(processor, new Blob(["x"]), { params, ...options });

  it.each(ONLY_IN_FULL === "" ? [...ENDS, ["leak", "out_of_memory", 2] as const] : ENDS)(
    "F8: %s ends the job as %s and the worker goes on",
    async (how, code, attempts) => {
      const { job_id } = await submit("misbehave", { how });
      const job = await system.client().wait(job_id);
      expect(job).toMatchObject({ status: "failed", attempt: attempts, error: { code } });
      expect(job.error?.message).not.toMatch(/secret|\/etc|\n\s+at /);
      expect(await finished(await submit("digest", {}))).toMatchObject({ status: "completed" });
    },
  );

  it("F8: a processor that blocks and one that waits for ever end as timeout", async () => {
    const jobs = await Promise.all(
      ["block", "never"].map((how) => submit("misbehave", { how }, { timeout_ms: 1_500 })),
    );
    for (const job of jobs)
      expect(await finished(job)).toMatchObject({
        status: "failed",
        attempt: 2,
        error: { code: "timeout" },
      });
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `F8: a processor that blocks its event loop for longer than the lease is one attempt${ONLY_IN_FULL}`,
    async () => {
      const { job_id } = await submit("misbehave", { how: "block-briefly", ms: 8_000 });
      expect(await system.client().wait(job_id)).toMatchObject({ status: "completed", attempt: 1 });
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `a processor that asks to be tried later is, no earlier than it asked${ONLY_IN_FULL}`,
    async () => {
      const job = await finished(await submit("misbehave", { how: "later", until: 1 }));
      expect(job).toMatchObject({ status: "completed", attempt: 2 });
      expect(Date.parse(job.started_at ?? "") - Date.parse(job.created_at)).toBeGreaterThanOrEqual(1_500);
    },
  );

  it("F9: a poison file among 20 good ones fails alone", async () => {
    const poison = await submit("misbehave", { how: "segfault" });
    const good = await Promise.all(Array.from({ length: 20 }, () => submit("digest", { ms: 200 })));
    for (const job of good) expect(await finished(job)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await finished(poison)).toMatchObject({
      status: "failed",
      attempt: 2,
      error: { code: "crashed" },
    });
  });

  it("F10: a running job is cancelled with the processes that it started, a queued one never starts, a finished one answers 409", async () => {
    const pidFile = join(system.folder, "pids");
    const running = await submit("misbehave", { how: "grandchild", pidFile });
    const pids = await waitFor(async () => (await readFile(pidFile, "utf8")).split(" ").map(Number), {
      deadlineMs: 10_000,
    });
    const cancelled = await system.client().cancel(running.job_id);
    expect(cancelled.status).toBe("cancelling");
    const isGone = async () =>
      (await system.client().get(running.job_id)).status === "cancelled" &&
      !(await Promise.all(pids.map(isAlive))).includes(true);
    await waitFor(isGone, { deadlineMs: 2_000, what: "the end of the job and its processes" });
    await expect(system.client().cancel(running.job_id)).rejects.toMatchObject({
      status: 409,
      code: "job_already_finished",
    });

    const scheduled = await submit("digest", {}, { run_at: new Date(Date.now() + 60_000).toISOString() });
    expect((await system.client().cancel(scheduled.job_id)).status).toBe("cancelled");
    expect(await system.client().get(scheduled.job_id)).toMatchObject({ status: "cancelled", attempt: 0 });

    const again = await system.client().retry(running.job_id, { params: { how: "exit", until: 0 } });
    expect(again.status).toMatch(/queued|running/);
    expect(await finished(again)).toMatchObject({ status: "completed" });
  });

  const finished = (job: Job) => system.client().wait(job.job_id);
});
