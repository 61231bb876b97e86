import { EventBus, type ProcessEvents } from "@drover/core";
import { newRequest } from "@drover/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { Settler } from "../src/upkeep/settler.js";
import { FAILURE, SweepBench } from "./sweep-bench.js";

let bench: SweepBench;
beforeEach(async () => {
  bench = await SweepBench.start();
});

const MINUTE = 60_000;
const counted = async () => {
  const { completed, failures, cancelled } = await bench.queue.statistics.read("p", Date.now() - MINUTE);
  return { completed, failures, cancelled };
};

describe("the end of a job", () => {
  it("is counted by its worker when it settles the manifest, and not again by the sweeper", async () => {
    const { request } = await bench.completed();
    const settler = new Settler(bench);
    settler.settle(request);
    await settler.drain(5_000);
    expect(await counted()).toEqual({ completed: 1, failures: {}, cancelled: 0 });
    bench.ahead = 10 * MINUTE;
    await bench.sweep();
    expect(await counted()).toEqual({ completed: 1, failures: {}, cancelled: 0 });
  });

  it("is counted by the sweeper when its worker died before it could", async () => {
    await bench.ended(FAILURE);
    await bench.completed();
    expect((await counted()).completed).toBe(0);
    bench.ahead = 10 * MINUTE;
    await bench.sweep();
    expect(await counted()).toEqual({ completed: 1, failures: { input_invalid: 1 }, cancelled: 0 });
  });

  it("is counted again when Redis lost it with the counts, and it was restored", async () => {
    await bench.ended(FAILURE);
    bench.ahead = 10 * MINUTE;
    await bench.sweep();
    await bench.forget();
    expect((await counted()).failures).toEqual({});
    expect(await bench.sweep()).toMatchObject({ restored: 1 });
    expect((await counted()).failures).toEqual({ input_invalid: 1 });
  });

  it("of one that waited too long is counted by who ended it", async () => {
    const late = newRequest({ processor: "p", createdAt: Date.now() - 10_000, queueTimeoutMs: 1 });
    await bench.submitted(late);
    expect(await bench.sweep()).toMatchObject({ jobsLate: 1 });
    expect((await counted()).failures).toEqual({ queue_timeout: 1 });
  });
});

describe("the events of a sweep", () => {
  function events() {
    const bus = new EventBus();
    const sweeps: ProcessEvents["sweep.ended"][] = [];
    const seen: ProcessEvents["store.seen"][] = [];
    bus.on("sweep.ended", (event) => sweeps.push(event));
    bus.on("store.seen", (event) => seen.push(event));
    return { bus, sweeps, seen };
  }

  it("say what it did, and how many bytes inputs and artifacts have", async () => {
    const { bus, sweeps, seen } = events();
    await bench.completed();
    bench.ahead = 3 * 60 * MINUTE;
    await bench.sweep({ events: bus });
    expect(sweeps).toMatchObject([{ isWhole: true, done: { jobs_expired: 1, jobs_restored: 0 } }]);
    await bench.upload();
    await bench.artifact(newRequest());
    await bench.sweep({ events: bus });
    const bytes = (kind: string) =>
      seen.findLast((each) => each.kind === kind && each.bytes !== undefined)?.bytes;
    expect(bytes("inputs")).toBeGreaterThan("some input".length); // and its manifest
    expect(bytes("artifacts")).toBe(1);
    expect(seen.slice(-2)).toEqual([{ kind: "inputs" }, { kind: "artifacts" }]); // the sweeper is closed
  });

  it("say that it was not whole when a part of it failed", async () => {
    const { bus, sweeps } = events();
    await bench.sweep({ events: bus, readFileTime: () => Promise.reject(new Error("EIO")) });
    expect(sweeps).toMatchObject([{ isWhole: false }]);
  });
});
