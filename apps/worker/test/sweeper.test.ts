import { bury, inputKey } from "@drover/job-files";
import { chunksOf, newRequest, waitFor, withMethods } from "@drover/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { startSweeper } from "../src/upkeep/sweeper.js";
import { HOUR, NOTHING, SweepBench } from "./sweep-bench.js";

let bench: SweepBench;
beforeEach(async () => {
  bench = await SweepBench.start();
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
    for (const upload of ["a", "b", "c"]) await bench.blobs.put(inputKey(upload), chunksOf("no manifest"));
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
    await bench.artifact(newRequest({ processor: "p" }));
    await bury(request, request.createdAt, bench.blobs);
    bench.ahead = 30 * HOUR;
    const before = await bench.keys();
    const refused = () => Promise.reject(new Error("store and Redis do not belong together"));
    expect(await bench.sweep({ assertMayErase: refused })).toEqual(NOTHING);
    expect(await bench.keys()).toEqual(before);
    expect(await bench.status(request)).toBe("failed");
  });
});
