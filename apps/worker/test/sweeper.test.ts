import { type BlobStore, DomainError } from "@drover/core";
import { bury, expiredFact, inputFolder, inputKey, jobFolder, writeManifest } from "@drover/job-files";
import { waitFor, withMethods } from "@drover/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { Sweeper, type SweeperDeps, startSweeper } from "../src/upkeep/sweeper.js";
import { bytes, requestOf } from "./harness.js";
import { endOf, FAILURE, HOUR, NOTHING, newId, SweepBench } from "./sweep-bench.js";

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

  test("takes the files with the job, also when no other part of the sweep can run", async () => {
    const { request } = await bench.completed();
    bench.ahead = 2 * HOUR + 5_000;
    const measureFileTime = () => Promise.reject(new Error("EIO"));
    expect(await bench.sweep({ measureFileTime })).toEqual({ ...NOTHING, jobsExpired: 1 });
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

describe("reconcile", () => {
  test("F11: brings back what Redis lost: unfinished jobs to be run, finished ones with their ends, and none that expired", async () => {
    const failed = await bench.ended();
    const { request: completed, artifact } = await bench.completed();
    const expired = await bench.upload();
    await writeManifest(
      { version: 1, request: expired, settled: endOf({ at: Date.now() - 5 * HOUR }) },
      bench.blobs,
    );
    const unfinished = await bench.submitted();
    bench.ahead = 20_000;
    expect((await bench.sweep()).settled).toBe(2);
    const before = [await bench.job(failed), await bench.job(completed)];
    await bench.forget();
    expect(await bench.sweep()).toMatchObject({ restored: 3 });
    expect(await bench.status(unfinished)).toBe("queued");
    expect((await bench.queue.jobs.history(unfinished.id)).events).toContainEqual(
      expect.objectContaining({ type: "restored" }),
    );
    for (const job of before)
      expect(await bench.job({ id: job?.id ?? newId() })).toMatchObject({
        ...{ status: job?.status, result: job?.result, error: job?.error, finishedAt: job?.finishedAt },
      });
    expect((await bench.job(completed))?.artifacts).toEqual([artifact]);
    expect(await bench.status(expired)).toBeUndefined();
    expect(await bench.keys(expired.input.key)).toEqual([]);
    expect(await bench.sweep(), "nothing is left to do").toMatchObject({ restored: 0, settled: 0 });
  });

  test("leaves a manifest alone whose submit may be under way", async () => {
    const request = await bench.upload();
    bench.ahead = 5_000;
    expect(await bench.sweep()).toEqual(NOTHING);
    expect(await bench.status(request)).toBeUndefined();
  });

  test("settles the manifest of a job that ended behind the worker's back", async () => {
    const request = await bench.submitted();
    await bench.queue.jobs.cancel(request.id);
    bench.ahead = 20_000;
    expect(await bench.sweep()).toEqual({ ...NOTHING, settled: 1 });
    expect((await bench.manifest(request))?.settled).toMatchObject({ status: "cancelled" });
  });

  test("F25: gives a job the end that Redis forgot, whether it waits again or shows an earlier end", async () => {
    const waiting = await bench.submitted();
    const ended = await bench.ended();
    const at = Date.now() + 1;
    for (const request of [waiting, ended])
      await writeManifest(
        { version: 1, request, settled: endOf({ status: "completed", at, result: "kept", error: null }) },
        bench.blobs,
      );
    bench.ahead = 20_000;
    expect(await bench.sweep()).toMatchObject({ restored: 2 });
    for (const request of [waiting, ended])
      expect(await bench.job(request)).toMatchObject({ status: "completed", result: "kept", finishedAt: at });
  });

  test("F25: makes a retry again that was granted and that Redis forgot", async () => {
    const request = await bench.ended();
    const reopenedEnd = (await bench.job(request))?.finishedAt ?? 0;
    const asked = { ...request, params: { again: true } };
    await writeManifest({ version: 1, request: asked, settled: null, reopenedEnd }, bench.blobs);
    bench.ahead = 20_000;
    expect(await bench.sweep()).toMatchObject({ restored: 1 });
    expect(await bench.job(request)).toMatchObject({ status: "queued", params: { again: true } });
    expect(await bench.sweep()).toMatchObject({ restored: 0, settled: 0 });
  });

  test("opens a manifest again that was settled after a person's retry undid that end", async () => {
    const request = await bench.ended();
    const at = (await bench.job(request))?.finishedAt ?? 0;
    await bench.queue.jobs.retry(request.id);
    await writeManifest({ version: 1, request, settled: endOf({ at }) }, bench.blobs);
    bench.ahead = 20_000;
    expect(await bench.sweep()).toMatchObject({ settled: 1, restored: 0 });
    expect(await bench.status(request)).toBe("queued");
    expect((await bench.manifest(request))?.settled).toBeNull();
  });

  test("removes the input file of a completed job and keeps its manifest", async () => {
    const { request } = await bench.completed();
    bench.ahead = 20_000;
    await bench.sweep();
    expect((await bench.sweep()).inputsRemoved).toBe(1);
    expect(await bench.keys("inputs/")).toEqual([request.input.key.replace(/file$/, "manifest.json")]);
  });

  test("removes uploads that became no job, and the second upload of a job, when they are old", async () => {
    await bench.blobs.put(inputKey("nobody"), bytes("no manifest"));
    const request = await bench.submitted();
    await bench.upload({ id: request.id });
    bench.ahead = HOUR - 10_000;
    expect(await bench.sweep()).toEqual(NOTHING);
    bench.ahead = HOUR + 10_000;
    expect(await bench.sweep()).toEqual({ ...NOTHING, inputsRemoved: 2 });
    expect(await bench.keys("inputs/")).toHaveLength(2);
    expect(await bench.status(request)).toBe("queued");
  });

  test("of several manifests with one id, the one that has ended counts, whichever is met first", async () => {
    for (const [first, second] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      const id = newId();
      const ended = requestOf("p", {
        id,
        input: { ...requestOf("p").input, key: inputKey(`${first}-${id}`) },
      });
      const other = { ...ended, input: { ...ended.input, key: inputKey(`${second}-${id}`) } };
      await writeManifest({ version: 1, request: ended, settled: endOf() }, bench.blobs);
      await writeManifest({ version: 1, request: other, settled: null }, bench.blobs);
      bench.ahead = 20_000;
      await bench.sweep();
      expect(await bench.job({ id })).toMatchObject({ status: "failed", input: { key: ended.input.key } });
    }
  });

  test("F14: heals a job whose record was evicted while its id still stands in line", async () => {
    const request = await bench.submitted({ params: { kept: true } });
    await bench.evict(request);
    bench.ahead = 20_000;
    expect(await bench.sweep()).toMatchObject({ restored: 1 });
    expect(await bench.queue.health.depth("p")).toEqual({ queued: 1, running: 0 });
    expect(await bench.run(request, FAILURE)).toMatchObject({
      status: "failed",
      params: { kept: true },
      attempt: 1,
    });
  });

  test("a manifest that cannot be read is said and kept, and the others are looked after", async () => {
    await bench.blobs.put(inputKey("torn"), bytes("x"));
    await bench.blobs.put(inputKey("torn").replace("file", "manifest.json"), bytes('{"version":1,'));
    const lost = await bench.upload();
    bench.ahead = 2 * HOUR;
    expect(await bench.sweep()).toMatchObject({ restored: 1, inputsRemoved: 0 });
    expect(await bench.status(lost)).toBe("queued");
    expect(bench.log.entries.some(({ message }) => message.startsWith("A manifest cannot be read"))).toBe(
      true,
    );
    bench.ahead = 4 * HOUR + 10_000;
    expect((await bench.sweep()).inputsRemoved).toBe(1);
  });

  test("one job that cannot be looked up or restored stops the healing of no other", async () => {
    const requests = [await bench.upload(), await bench.upload(), await bench.upload()];
    const deps = bench.deps();
    const { jobs } = deps.queue;
    const damaged = withMethods(jobs, {
      get: (id) => (id === requests[0]?.id ? Promise.reject(new Error("WRONGTYPE")) : jobs.get(id)),
      submit: (request, options) =>
        request.id === requests[1]?.id
          ? Promise.reject(new Error("too large"))
          : jobs.submit(request, options),
    });
    bench.ahead = 20_000;
    expect(await bench.sweep({ queue: { ...deps.queue, jobs: damaged } })).toMatchObject({ restored: 1 });
    expect(await Promise.all(requests.map((request) => bench.status(request)))).toEqual([
      undefined,
      undefined,
      "queued",
    ]);
    expect(await bench.sweep(), "once they can be").toMatchObject({ restored: 2 });
  });

  test("a lost job whose manifest says by then that it has ended is not queued again", async () => {
    const requests = [await bench.upload(), await bench.upload()];
    bench.ahead = 20_000;
    const deps = bench.deps();
    const { jobs } = deps.queue;
    const seen: string[] = [];
    const ending = withMethods(jobs, {
      // The walk has noted the first one as lost when it comes to the second.
      get: async (id) => {
        seen.push(id);
        const [first] = requests.filter((request) => request.id === seen[0] && request.id !== id);
        if (first !== undefined)
          await writeManifest({ version: 1, request: first, settled: endOf() }, bench.blobs);
        return jobs.get(id);
      },
    });
    expect(await bench.sweep({ queue: { ...deps.queue, jobs: ending } })).toMatchObject({ restored: 1 });
    const first = requests.find(({ id }) => id === seen[0]);
    expect(first && (await bench.status(first))).toBeUndefined();
    expect(await bench.sweep(), "its end is").toMatchObject({ restored: 1 });
    expect(first && (await bench.status(first))).toBe("failed");
  });

  test("lost jobs are restored in turns, each entry under the lease, and the rest of a turn in the next", async () => {
    const requests = [await bench.upload(), await bench.upload(), await bench.upload()];
    bench.ahead = 20_000;
    let restores = 0;
    const deps = bench.deps();
    const { jobs } = deps.queue;
    const counting = withMethods(jobs, {
      submit: (...args) => {
        restores += 1;
        return jobs.submit(...args);
      },
    });
    // The clock passes the end of the turn with the first job that is restored.
    const clock = { ...deps.clock, monotonicMs: () => deps.clock.monotonicMs() + restores * 60_000 };
    const sweeper = new Sweeper(bench.deps({ queue: { ...deps.queue, jobs: counting }, clock }));
    const { signal } = new AbortController();
    for (const restored of [1, 1, 1, 0]) expect(await sweeper.sweep(signal)).toMatchObject({ restored });
    await sweeper.close();
    expect(await Promise.all(requests.map((request) => bench.status(request)))).toEqual(
      requests.map(() => "queued"),
    );
  });

  test("go on while the disk is full, by the time that was measured before", async () => {
    const request = await bench.upload();
    let isFull = false;
    const measureFileTime: SweeperDeps["measureFileTime"] = async () => {
      if (isFull) throw new DomainError("storage_full", "full");
      return () => Date.now() + bench.ahead;
    };
    const sweeper = new Sweeper(bench.deps({ measureFileTime }));
    const { signal } = new AbortController();
    await sweeper.sweep(signal);
    isFull = true;
    bench.ahead = 20_000;
    expect(await sweeper.sweep(signal)).toMatchObject({ restored: 1 });
    expect(await bench.status(request)).toBe("queued");
    await sweeper.close();
  });

  test("what was found in order is looked at again when Redis was started anew", async () => {
    const request = await bench.submitted();
    bench.ahead = 20_000;
    const deps = bench.deps();
    let runId = "first";
    const health = {
      ...deps.queue.health,
      inspect: async () => ({ ...(await deps.queue.health.inspect()), runId }),
    };
    const sweeper = new Sweeper({ ...deps, queue: { ...deps.queue, health } });
    const { signal } = new AbortController();
    await sweeper.sweep(signal);
    await bench.queue.jobs.remove(request.id);
    expect(await sweeper.sweep(signal)).toMatchObject({ restored: 0 });
    runId = "second";
    expect(await sweeper.sweep(signal)).toMatchObject({ restored: 1 });
    await sweeper.close();
  });
});

describe("a deleted job", () => {
  test("that came back is removed, with every manifest of its id, and a later job of the id is not", async () => {
    const request = await bench.submitted();
    await bury(request, request.createdAt, bench.blobs);
    const second = await bench.upload({ id: request.id, createdAt: request.createdAt });
    const later = await bench.submitted();
    await bury({ ...later, input: requestOf("p").input }, later.createdAt - 1, bench.blobs);
    bench.ahead = 20_000;
    expect(await bench.sweep()).toMatchObject({ jobsBuried: 1, restored: 0 });
    expect([await bench.status(request), await bench.status(later)]).toEqual([undefined, "queued"]);
    expect(await bench.keys(second.input.key)).toEqual([]);
    expect(await bench.keys(later.input.key)).toHaveLength(1);
  });

  test("is not restored from its manifests when Redis lost everything, and what a delete left is removed", async () => {
    const request = await bench.upload();
    await bench.artifact(request);
    await bury(request, request.createdAt, bench.blobs);
    bench.ahead = 20_000;
    expect(await bench.sweep()).toMatchObject({ restored: 0 });
    expect(await bench.keys()).toEqual([`tombstones/${request.id}.json`]);
  });

  test("is forgotten a day after the longest retention", async () => {
    await bury(requestOf("p"), Date.now(), bench.blobs);
    bench.ahead = 28 * HOUR - 10_000;
    await bench.sweep();
    expect(await bench.keys()).toHaveLength(1);
    bench.ahead = 28 * HOUR + 10_000;
    await bench.sweep();
    expect(await bench.keys()).toEqual([]);
  });
});

describe("artifacts", () => {
  test("that their job does not point at are removed when they are old; the published ones and those of a running attempt stay", async () => {
    const request = await bench.upload();
    const published = await bench.artifact(request, "2-winner");
    await bench.artifact(request, "1-loser");
    await bench.queue.jobs.submit(request);
    let finish = (_outcome: typeof FAILURE) => {};
    let starts = 0;
    const consumer = bench.consume(() => {
      starts += 1;
      if (starts === 1) return Promise.resolve({ kind: "released" });
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    await waitFor(() => starts === 2);
    bench.ahead = HOUR - 10_000;
    expect((await bench.sweep()).attemptsRemoved, "too young").toBe(0);
    bench.ahead = HOUR + 10_000;
    expect((await bench.sweep()).attemptsRemoved, "attempt 1 is over").toBe(1);
    expect(await bench.keys("jobs/")).toEqual([published.key]);
    finish({ kind: "completed", result: null, artifacts: [published] });
    await waitFor(async () => (await bench.status(request)) === "completed");
    expect((await bench.sweep()).attemptsRemoved, "published").toBe(0);
    await bench.blobs.remove(inputFolder(request.input.key));
    expect((await bench.sweep()).attemptsRemoved, "published, and its manifest is lost").toBe(0);
    await consumer.drain(0);
  });

  test("of a job that Redis does not know are kept for the longest retention, of one that expired or was deleted not", async () => {
    const [unknown, expired, deleted] = [requestOf("p"), requestOf("p"), requestOf("p")];
    for (const request of [unknown, expired, deleted]) await bench.artifact(request);
    await bench.queue.facts.set(expiredFact(expired.id), new Date().toISOString(), HOUR);
    await bury(deleted, Date.now(), bench.blobs);
    bench.ahead = HOUR + 10_000;
    expect((await bench.sweep()).attemptsRemoved).toBe(1);
    expect(await bench.keys("jobs/")).toEqual([`${jobFolder(unknown.id)}/1-abc/out.txt`]);
    bench.ahead = 4 * HOUR + 10_000;
    expect((await bench.sweep()).attemptsRemoved).toBe(1);
  });

  test("that only a forgotten end points at stay", async () => {
    const request = await bench.submitted();
    const artifact = await bench.artifact(request);
    const consumer = bench.consume(
      ({ signal }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve({ kind: "released" }))),
    );
    await waitFor(async () => (await bench.status(request)) === "running");
    await bench.client.hset(`{${bench.prefix}:p}:p:${request.id}`, "ats", 2);
    await writeManifest(
      { version: 1, request, settled: endOf({ status: "completed", artifacts: [artifact] }) },
      bench.blobs,
    );
    bench.ahead = HOUR + 10_000;
    expect((await bench.sweep()).attemptsRemoved).toBe(0);
    await consumer.drain(0);
  });
});

describe("late jobs", () => {
  test("fail as queue_timeout, and their manifests say so", async () => {
    const request = await bench.submitted({ queueTimeoutMs: 1, createdAt: Date.now() - 1_000 });
    expect(await bench.sweep()).toEqual({ ...NOTHING, jobsLate: 1 });
    expect((await bench.manifest(request))?.settled).toMatchObject({ error: { code: "queue_timeout" } });
  });
});

describe("the sweepers of several workers", () => {
  /** Counts the listings of each of five sweepers that run. */
  function start(count: number, changes: { readonly intervalMs: number; readonly leaseMs: number }) {
    const listings = Array.from({ length: count }, () => 0);
    const sweepers = listings.map((_, i) => {
      const blobs = withMethods(bench.blobs, {
        list: (prefix) => {
          listings[i] = (listings[i] ?? 0) + 1;
          return bench.blobs.list(prefix);
        },
      });
      return startSweeper(bench.deps({ ...changes, blobs, holder: `worker-${i}` }));
    });
    return { listings, sweepers };
  }
  const sweeping = (listings: readonly number[]) => listings.filter((count) => count > 0).length;

  test("are one at a time: of five, one sweeps, and another takes over when it stops", async () => {
    const { listings, sweepers } = start(5, { intervalMs: 20, leaseMs: 60_000 });
    await waitFor(() => Math.max(...listings) >= 9, { what: "some sweeps" });
    expect(sweeping(listings)).toBe(1);
    const leader = listings.findIndex((count) => count > 0);
    await sweepers[leader]?.stop();
    const before = listings[leader];
    await waitFor(() => sweeping(listings) === 2, { what: "another one to sweep" });
    expect(listings[leader]).toBe(before);
    await Promise.all(sweepers.map((sweeper) => sweeper.stop()));
  });

  test("go on when the one that swept died with its lease, and one that lost its lease stops in the middle", async () => {
    await bench.queue.leases.hold("sweeper", "dead", 300);
    const { listings, sweepers } = start(2, { intervalMs: 20, leaseMs: 300 });
    await waitFor(() => sweeping(listings) === 1, { what: "the lease of the dead to run out" });
    await Promise.all(sweepers.map((sweeper) => sweeper.stop()));
    await bench.upload();
    bench.ahead = 20_000;
    await bench.queue.leases.hold("sweeper", "another", 60_000);
    expect(await bench.sweep()).toEqual(NOTHING);
    expect(bench.log.entries.map(({ message }) => message)).toContain("Another process sweeps now");
  });

  test("one that loses its lease in the middle of a part touches nothing from there on", async () => {
    for (const upload of ["a", "b", "c"]) await bench.blobs.put(inputKey(upload), bytes("no manifest"));
    bench.ahead = 2 * HOUR;
    const { leases } = bench.queue;
    const deps = bench.deps();
    let removed = 0;
    const blobs = withMethods(bench.blobs, {
      remove: async (prefix) => {
        await bench.blobs.remove(prefix);
        removed += 1;
        await leases.release("sweeper", deps.holder);
        expect(await leases.hold("sweeper", "another", 60_000)).toBe(true);
      },
    });
    // With the first removal more time passes than a lease lasts.
    const clock = { ...deps.clock, monotonicMs: () => deps.clock.monotonicMs() + removed * deps.leaseMs };
    await bench.sweep({ blobs, clock });
    expect(removed).toBe(1);
    expect(await bench.keys()).toHaveLength(2);
    expect(bench.log.entries.map(({ message }) => message)).toContain("Another process sweeps now");
  });

  test("touch nothing while they may not", async () => {
    const request = await bench.ended();
    await bench.upload();
    await bench.artifact(requestOf("p"));
    await bury(request, request.createdAt, bench.blobs);
    bench.ahead = 30 * HOUR;
    const before = await bench.keys();
    const refused = () => Promise.reject(new Error("store and Redis do not belong together"));
    expect(await bench.sweep({ assertMayErase: refused })).toEqual(NOTHING);
    expect(await bench.keys()).toEqual(before);
    expect(await bench.status(request)).toBe("failed");
  });
});
