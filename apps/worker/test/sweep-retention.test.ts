import type { BlobStore } from "@drover/core";
import { expiredFact, readExpiry } from "@drover/job-files";
import { withMethods } from "@drover/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { HOUR, NOTHING, SweepBench } from "./sweep-bench.js";

let bench: SweepBench;
beforeEach(async () => {
  bench = await SweepBench.start();
});

/** A store whose removals fail from the one with this number on. */
function dyingAfter(removals: number): BlobStore {
  let count = 0;
  return withMethods(bench.blobs, {
    remove: async (prefix) => {
      count += 1;
      if (count > removals) throw new Error("killed");
      await bench.blobs.remove(prefix);
    },
  });
}

describe("retention", () => {
  test("removes a job, its input and its artifacts when it ended, not earlier, and says for a while that it expired", async () => {
    const request = await bench.ended();
    await bench.artifact(request);
    bench.ahead = 4 * HOUR - 5_000;
    expect((await bench.sweep()).jobsExpired).toBe(0);
    expect(await bench.status(request)).toBe("failed");
    bench.ahead = 4 * HOUR + 5_000;
    expect((await bench.sweep()).jobsExpired).toBe(1);
    expect(await bench.status(request)).toBeUndefined();
    expect(await bench.keys()).toEqual([]);
    expect(await bench.queue.facts.get(expiredFact(request.id))).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  test("tells of an expired job whose it was", async () => {
    const owned = await bench.submitted({ tenant: "acme" });
    const damaged = await bench.submitted({ tenant: "acme" });
    for (const { id } of [owned, damaged]) await bench.queue.jobs.cancel(id);
    await bench.client.hset(`{${bench.prefix}:p}:p:${damaged.id}`, "data", "{");
    bench.ahead = 4 * HOUR + 5_000;
    expect((await bench.sweep()).jobsExpired).toBe(2);
    for (const { id } of [owned, damaged]) {
      expect(await readExpiry(id, bench.queue.facts)).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      expect(await readExpiry(id, bench.queue.facts, { tenant: "acme" })).toBeDefined();
      for (const tenant of ["other", "default"])
        expect(await readExpiry(id, bench.queue.facts, { tenant })).toBeUndefined();
    }
  });

  test("takes the files with the job, also when no other part of the sweep can run", async () => {
    const { request } = await bench.completed();
    bench.ahead = 2 * HOUR + 5_000;
    const readFileTime = () => Promise.reject(new Error("EIO"));
    expect(await bench.sweep({ readFileTime })).toEqual({ ...NOTHING, jobsExpired: 1 });
    expect(await bench.status(request)).toBeUndefined();
    expect(await bench.keys()).toEqual([]);
  });

  test("of completed jobs is its own", async () => {
    const { request } = await bench.completed();
    bench.ahead = 2 * HOUR + 5_000;
    expect((await bench.sweep()).jobsExpired).toBe(1);
    expect(await bench.status(request)).toBeUndefined();
    expect(await bench.keys()).toEqual([]);
  });

  test.each([0, 1])(
    "F13: a sweep that dies after %i removals is finished by the next one, and the job is not taken for lost",
    async (removals) => {
      const request = await bench.ended();
      await bench.artifact(request);
      bench.ahead = 4 * HOUR + 5_000;
      await bench.sweep({ blobs: dyingAfter(removals) });
      expect(await bench.status(request)).toBeUndefined();
      expect((await bench.keys("inputs/")).length).toBeGreaterThan(0);
      expect(await bench.sweep()).toMatchObject({ restored: 0, inputsRemoved: 1 });
      expect(await bench.keys()).toEqual([]);
      expect(await bench.queue.facts.get(expiredFact(request.id))).toBeDefined();
    },
  );

  test("F21: a retry that is granted while the sweep is at the job keeps the job and its files", async () => {
    const request = await bench.ended();
    bench.ahead = 4 * HOUR + 5_000;
    const { finished, jobs } = bench.queue;
    const finishedBefore: typeof finished.finishedBefore = async (...args) => {
      const ids = await finished.finishedBefore(...args);
      if (ids.includes(request.id)) await jobs.retry(request.id);
      return ids;
    };
    const deps = bench.deps();
    const queue = { ...deps.queue, finished: { ...finished, finishedBefore } };
    expect((await bench.sweep({ queue })).jobsExpired).toBe(0);
    expect(await bench.status(request)).toBe("queued");
    expect(await bench.keys("inputs/")).toHaveLength(2);
  });

  test("F13: two sweeps at once remove each job once and nothing else", async () => {
    await bench.ended();
    await bench.ended();
    const live = await bench.submitted();
    bench.ahead = 4 * HOUR + 5_000;
    await Promise.all([bench.sweep(), bench.sweep({ holder: "bench" })]);
    expect((await bench.keys()).every((key) => key.startsWith(live.input.key.replace("/file", "")))).toBe(
      true,
    );
    expect(await bench.sweep()).toEqual(NOTHING);
  });

  test("of a job that cannot be read is that of any other, and one that cannot be removed keeps nobody", async () => {
    const [unreadable, stuck] = [await bench.ended(), await bench.ended(), await bench.ended()];
    const deps = bench.deps();
    const { jobs, finished } = deps.queue;
    const queue: typeof deps.queue = {
      ...deps.queue,
      jobs: withMethods(jobs, {
        get: (id) => (id === unreadable.id ? Promise.reject(new Error("no JSON")) : jobs.get(id)),
      }),
      finished: {
        ...finished,
        expire: (place, time) =>
          place.id === stuck.id ? Promise.reject(new Error("WRONGTYPE")) : finished.expire(place, time),
      },
    };
    bench.ahead = 4 * HOUR + 5_000;
    expect((await bench.sweep({ queue })).jobsExpired).toBe(2);
    expect(await bench.status(unreadable)).toBeUndefined();
    expect(bench.log.entries.map(({ message }) => message)).toContain(
      "Sweep: an entry could not be looked after; the others go on",
    );
  });
});
