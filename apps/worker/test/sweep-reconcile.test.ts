import { DomainError, parseJobId } from "@drover/core";
import { inputKey, writeManifest } from "@drover/job-files";
import { chunksOf, newRequest, withMethods } from "@drover/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { Sweeper } from "../src/upkeep/sweeper.js";
import { endOf, FAILURE, HOUR, NOTHING, newId, SweepBench } from "./sweep-bench.js";

let bench: SweepBench;
beforeEach(async () => {
  bench = await SweepBench.start();
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

  test("F11: gives what Redis lost back to whose it was, in every list and count", async () => {
    const owners = ["default", "acme", "other"];
    const ids = new Map<string, string[]>();
    for (const tenant of owners) {
      const [waiting, ended] = [await bench.submitted({ tenant }), await bench.submitted({ tenant })];
      await bench.queue.jobs.cancel(ended.id);
      ids.set(tenant, [waiting.id, ended.id].sort());
    }
    bench.ahead = 20_000;
    expect((await bench.sweep()).settled).toBe(3);
    await bench.forget();
    expect(await bench.sweep()).toMatchObject({ restored: 6 });
    for (const tenant of owners) {
      const { jobs, statistics } = bench.queue.of(tenant);
      const page = await jobs.list({ limit: 50 });
      expect(page.jobs.map((job) => [job.id, job.tenant])).toHaveLength(2);
      expect(page.jobs.map(({ id }) => id).sort()).toEqual(ids.get(tenant));
      expect((await statistics.read("p", Date.now() - HOUR)).cancelled).toBe(1);
      for (const other of owners.filter((name) => name !== tenant))
        for (const id of ids.get(other) ?? []) expect(await jobs.get(parseJobId(id))).toBeUndefined();
    }
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
    await bench.blobs.put(inputKey("nobody"), chunksOf("no manifest"));
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
      const ended = newRequest({
        processor: "p",
        id,
        input: { ...newRequest({ processor: "p" }).input, key: inputKey(`${first}-${id}`) },
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
    await bench.blobs.put(inputKey("torn"), chunksOf("x"));
    await bench.blobs.put(inputKey("torn").replace("file", "manifest.json"), chunksOf('{"version":1,'));
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
    const readFileTime = async () => {
      if (isFull) throw new DomainError("storage_full", "full");
      return Date.now();
    };
    const deps = bench.deps({ readFileTime });
    const clock = { ...deps.clock, monotonicMs: () => performance.now() + bench.ahead };
    const sweeper = new Sweeper({ ...deps, clock });
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
