import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { descendants, isAlive } from "../src/drover-process.js";
import { seededRandom } from "../src/faults.js";
import { ONLY_IN_FULL, System, sized } from "../src/system.js";

const KILLS = sized(2, 20);

describe("a worker that goes away in the middle of an attempt", () => {
  let system: System;
  afterEach(() => system.stop());

  it("F1: killed workers' jobs run elsewhere within 15 s as their next attempt, and no child outlives its worker", async () => {
    system = await System.start({
      apis: 1,
      workers: KILLS,
      env: { DROVER_CONCURRENCY: "1" },
      hasRealLease: true,
    });
    const client = system.client();
    const victims = [...system.workers];
    const ids = await Promise.all(
      victims.map(
        async (_, i) =>
          (await client.submit("digest", new Blob([`kill ${i}`]), { params: { ms: 60_000, nextMs: 100 } }))
            .job_id,
      ),
    );
    await waitFor(async () => (await client.list({ status: "running" })).jobs.length === KILLS, {
      deadlineMs: 20_000,
    });
    await Promise.all([
      system.startWorker({ DROVER_CONCURRENCY: "10" }),
      system.startWorker({ DROVER_CONCURRENCY: "10" }),
    ]);
    const random = seededRandom(1);
    const diedAt = performance.now();
    await Promise.all(
      victims.map(async (victim) => {
        await sleep(random() * 1_500); // a random point of the attempt
        const children = await descendants(victim.pid);
        expect(children.length).toBeGreaterThan(0);
        await victim.kill();
        await waitFor(async () => !(await Promise.all(children.map(isAlive))).includes(true), {
          deadlineMs: 1_000,
          what: "the end of a dead worker's children",
        });
      }),
    );
    for (const id of ids) {
      await waitFor(async () => (await client.get(id)).attempt >= 2, {
        deadlineMs: 16_500 - (performance.now() - diedAt),
        what: "the next attempt",
      });
    }
    for (const id of ids)
      expect(await client.wait(id)).toMatchObject({ status: "completed", attempt: 2, max_attempts: 6 });
    for (const id of ids) expect(await readdir(join(system.blobs, "jobs", id))).toHaveLength(1);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `F3: a worker that was paused past its lease publishes nothing, and what it stored is swept${ONLY_IN_FULL}`,
    async () => {
      system = await System.start({
        apis: 1,
        workers: 1,
        env: { DROVER_SWEEP_INTERVAL: "500ms", DROVER_ORPHAN_GRACE: "1s" },
      });
      const client = system.client();
      const { job_id } = await client.submit("digest", new Blob(["pause"]), { params: { ms: 2_000 } });
      await waitFor(async () => (await client.get(job_id)).progress > 0);
      const [paused] = system.workers;
      paused?.signal("SIGSTOP");
      await system.startWorker();
      const job = await client.wait(job_id);
      expect(job).toMatchObject({ status: "completed", attempt: 2, result: { attempt: 2 } });
      paused?.signal("SIGCONT");
      await waitFor(
        () =>
          paused?.log.includes("Attempt discarded") === true ||
          paused?.log.includes('"outcome":"cancelled"') === true ||
          /lease/.test(paused?.log ?? ""),
        { deadlineMs: 20_000 },
      );
      await waitFor(async () => (await readdir(join(system.blobs, "jobs", job_id))).length === 1, {
        deadlineMs: 10_000,
      });
      expect(await client.get(job_id)).toEqual(job);
      expect(await client.get(job_id, { include: "timeline" })).toMatchObject({
        timeline: expect.arrayContaining([expect.objectContaining({ type: "worker_lost", attempt: 1 })]),
      });
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `F2: a draining worker gives its attempt back when the deadline passes, the attempt does not count, and a second signal ends it at once${ONLY_IN_FULL}`,
    async () => {
      system = await System.start({ apis: 1, workers: 1, env: { DROVER_DRAIN_TIMEOUT: "500ms" } });
      const client = system.client();
      const { job_id } = await client.submit("digest", new Blob(["drain"]), { params: { ms: 4_000 } });
      await waitFor(async () => (await client.get(job_id)).progress > 0);
      const [first] = system.workers;
      expect(await first?.stop()).toBe(0);
      expect(await client.get(job_id)).toMatchObject({ status: "queued", max_attempts: 6, error: null });
      const second = await system.startWorker({ DROVER_DRAIN_TIMEOUT: "60s" });
      await waitFor(async () => (await client.get(job_id)).status === "running");
      second.signal("SIGTERM");
      await waitFor(() => second.log.includes("draining"));
      second.signal("SIGTERM");
      await waitFor(() => !second.isRunning, { deadlineMs: 3_000 });
      await system.startWorker();
      expect(await client.wait(job_id)).toMatchObject({ status: "completed" });
    },
  );
});
