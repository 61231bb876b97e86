import type { Outcome, QueuePorts } from "@drover/core";
import { MetricRegistry } from "@drover/metrics";
import { newRequest, testQueue, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Obstacle } from "../src/storage-watch.js";
import { systemClock } from "../src/timers.js";
import { Worker, type WorkerDeps } from "../src/worker.js";
import { mayReadMetrics, startHealth } from "../src/worker-health.js";
import { processorNamed } from "./executor-bench.js";
import { recordingLog } from "./test-attempt.js";

const completed: Outcome = { kind: "completed", result: null, artifacts: [] };

let queue: QueuePorts;
let log: ReturnType<typeof recordingLog>;
let worker: Worker;
let ready: number;
let obstacle: Obstacle | undefined;
let runnersClosed: number;
let drainsAsked: number;
beforeEach(async () => {
  queue = await testQueue();
  log = recordingLog();
  ready = 0;
  obstacle = undefined;
  runnersClosed = 0;
  drainsAsked = 0;
});
afterEach(() => worker.drain(0));

/** A worker of the fixture `good`, whose attempts end as `execute` says. */
function workerOf(execute: () => Promise<Outcome>, ports: Partial<QueuePorts> = {}): Worker {
  const deps: WorkerDeps = {
    info: { id: "w1", host: "h", pid: 1, slots: 1, processors: ["good"], startedAt: 0 },
    served: [
      {
        processor: processorNamed("good"),
        runner: {
          children: [],
          run: () => Promise.reject(new Error("unused")),
          whenWarm: () => Promise.resolve(),
          async close() {
            runnersClosed += 1;
          },
        },
        executor: {
          execute,
          onFinished: () => Promise.reject(new Error("disk gone")),
          onDiscarded: async () => {},
        },
      },
    ],
    queue: { ...queue, ...ports },
    storage: { look: async () => obstacle, obstacle: async () => obstacle },
    retry: { baseDelayMs: 0, maxDelayMs: 0 },
    runningJobs: null,
    clock: systemClock,
    log,
    quietLog: log,
    onDrainAsked: () => {
      drainsAsked += 1;
    },
    onReady: () => {
      ready += 1;
    },
  };
  worker = new Worker(deps);
  return worker;
}

describe("a worker", () => {
  test("announces itself and its processors at once, and signs off when it drains", async () => {
    workerOf(async () => completed).start();
    await waitFor(() => worker.state === "ready", { what: "it is ready" });
    const { processors, workers } = await queue.catalogue.read();
    expect(workers.map(({ id }) => id)).toEqual(["w1"]);
    expect(processors).toMatchObject([{ name: "good", version: "1.0.0", limits: { timeoutMs: 20_000 } }]);
    expect(JSON.parse(JSON.stringify(processors))).toEqual(processors);
    await worker.drain(0);
    expect((await queue.catalogue.read()).workers).toEqual([]);
    expect([worker.state, ready, runnersClosed]).toEqual(["draining", 1, 1]);
  });

  test("is told once that an operator wants it to stop, and says what it takes", async () => {
    await queue.catalogue.askDrain("w1");
    workerOf(async () => completed).start();
    await waitFor(() => drainsAsked === 1, { what: "it was told" });
    const { workers } = await queue.catalogue.read();
    expect(workers).toMatchObject([{ id: "w1", isDrainAsked: true, residentBytes: expect.any(Number) }]);
  });

  test("takes jobs, and a cleaning up that fails harms none", async () => {
    workerOf(async () => completed).start();
    const request = newRequest({ processor: "good" });
    await queue.jobs.submit(request);
    await waitFor(async () => (await queue.jobs.get(request.id))?.status === "completed", {
      what: "it completed",
    });
    await waitFor(
      () => log.entries.some(({ message }) => message === "Files of an attempt are left for the sweeper"),
      { what: "the trouble was logged" },
    );
  });

  test("goes on when its heartbeat fails, and tries again until it arrives", async () => {
    let failures = 0;
    const catalogue = {
      ...queue.catalogue,
      async announce(...args: Parameters<QueuePorts["catalogue"]["announce"]>) {
        failures += 1;
        if (failures === 1) throw new Error("Redis is away");
        return queue.catalogue.announce(...args);
      },
    };
    workerOf(async () => completed, { catalogue }).start();
    await waitFor(() => failures === 1, { what: "the first failed" });
    expect([worker.state, ready]).toEqual(["no_redis", 0]);
    await waitFor(() => worker.state === "ready", { what: "the second arrived" });
    expect(ready).toBe(1);
  });

  test("lets running attempts end before the drain deadline, and takes no new job meanwhile", async () => {
    let finish: ((outcome: Outcome) => void) | undefined;
    const running = () =>
      new Promise<Outcome>((resolve) => {
        finish = resolve;
      });
    workerOf(running).start();
    const first = newRequest({ processor: "good" });
    await queue.jobs.submit(first);
    await waitFor(() => finish !== undefined, { what: "it runs" });
    const drained = worker.drain(10_000);
    const second = newRequest({ processor: "good" });
    await queue.jobs.submit(second);
    expect(worker.drain(0), "a second drain is the first").toBe(drained);
    finish?.(completed);
    await drained;
    expect((await queue.jobs.get(first.id))?.status).toBe("completed");
    expect((await queue.jobs.get(second.id))?.status).toBe("queued");
  });

  test("F20: takes no job while Redis and storage do not belong together, and is not ready; then it does", async () => {
    obstacle = "storage_not_shared";
    let executed = 0;
    const request = newRequest({ processor: "good" });
    await queue.jobs.submit(request);
    const execute = async () => {
      executed += 1;
      return completed;
    };
    workerOf(execute).start();
    await waitFor(() => worker.state === "storage_not_shared", { what: "it says so" });
    expect((await queue.catalogue.read()).workers).toMatchObject([{ id: "w1", sharesStorage: false }]);
    expect((await queue.jobs.history(request.id)).events.map(({ type }) => type)).not.toContain("started");
    expect([ready, executed]).toEqual([0, 0]);
    obstacle = undefined;
    await waitFor(async () => (await queue.jobs.get(request.id))?.status === "completed", {
      what: "it completed",
    });
    expect([ready, executed]).toEqual([1, 1]);
  });

  test("F20: gives a job back that it took from a Redis that was switched, and takes no other", async () => {
    let executed = 0;
    workerOf(async () => {
      executed += 1;
      return completed;
    }).start();
    await waitFor(() => worker.state === "ready", { what: "it is ready" });
    obstacle = "storage_not_shared";
    const request = newRequest({ processor: "good" });
    await queue.jobs.submit(request);
    await waitFor(() => worker.state === "storage_not_shared", { what: "it says so" });
    await waitFor(async () => (await queue.jobs.get(request.id))?.status === "queued", {
      what: "the job is back",
    });
    expect(executed).toBe(0);
  });

  test("may be drained before it was started, and does not start then", async () => {
    await workerOf(async () => completed).drain(0);
    worker.start();
    expect((await queue.catalogue.read()).workers).toEqual([]);
  });
});

test("the health endpoints say alive, and ready only while it takes jobs", async () => {
  workerOf(async () => completed);
  let state: "ready" | "no_redis" | "draining" = "no_redis";
  const health = await startHealth({
    port: 0,
    host: "127.0.0.1",
    state: () => state,
    metrics: new MetricRegistry("worker"),
    adminKey: "a key that this host does not need",
  });
  const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${health.port}${path}`)).status;
  expect([await statusOf("/livez"), await statusOf("/readyz"), await statusOf("/")]).toEqual([200, 503, 404]);
  state = "ready";
  expect(await statusOf("/readyz")).toBe(200);
  expect(await statusOf("/metrics")).toBe(200);
  await health.close();
});

test("the metrics ask other hosts for the admin key, where there is one", () => {
  const basic = (password: string) => `Basic ${Buffer.from(`prometheus:${password}`).toString("base64")}`;
  expect(mayReadMetrics("10.0.0.9", undefined, undefined)).toBe(true);
  expect(mayReadMetrics("127.0.0.1", undefined, "secret")).toBe(true);
  expect(mayReadMetrics("::ffff:127.0.0.1", undefined, "secret")).toBe(true);
  expect(mayReadMetrics("10.0.0.9", "Bearer secret", "secret")).toBe(true);
  expect(mayReadMetrics("10.0.0.9", basic("secret"), "secret")).toBe(true);
  for (const wrong of [undefined, "", "Bearer", "Bearer other", "secret", basic("other"), basic("")])
    expect(mayReadMetrics("10.0.0.9", wrong, "secret")).toBe(false);
});
