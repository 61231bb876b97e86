import { AlertList, Trends, WorkerList } from "@drover/contract";
import { parseJobId } from "@drover/core";
import { signal } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alertsOfProcessor, alertsOfServer, alertsOfStorage } from "../src/operations/alerts.js";
import { failed, post, submitted } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const workers = async () => WorkerList.parse(await (await fetch(`${api.url}/api/workers`)).json()).workers;

/** A job runs at the worker, until the returned function is called. */
async function runsAt(workerId: string) {
  const started = signal();
  const { job_id: jobId } = await submitted(api);
  const options = { slots: 1, workerId, retry: { baseDelayMs: 0, maxDelayMs: 0 } };
  const consumer = api.queue.attempts.consume("csv-count", options, async ({ signal: stop }) => {
    started.resolve();
    await new Promise((resolve) => stop.addEventListener("abort", resolve));
    return { kind: "released" };
  });
  await started.promise;
  return { jobId, stop: () => consumer.drain(0) };
}

describe("the workers", () => {
  it("are told with what each runs, also one that has signed off and still runs something", async () => {
    const { jobId, stop } = await runsAt("w1");
    const [worker, ...others] = await workers();
    expect([worker, others]).toMatchObject([
      { worker: "w1", state: "ready", host: "h", slots: 2, running: [{ job_id: jobId, attempt: 1 }] },
      [],
    ]);
    await api.queue.catalogue.withdraw("w1");
    expect(await workers()).toMatchObject([
      { worker: "w1", state: "away", host: null, processors: ["csv-count"], running: [{ job_id: jobId }] },
    ]);
    await stop();
    expect(await workers()).toEqual([]);
  });

  it("are asked to drain one by one; one that nobody has heard of is 404", async () => {
    const answer = await post(api, "/api/workers/w1/drain");
    expect([answer.status, await answer.json()]).toEqual([202, { worker: "w1", state: "draining" }]);
    expect(await workers()).toMatchObject([{ worker: "w1", state: "draining" }]);
    const unknown = await post(api, "/api/workers/w2/drain");
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: "worker_not_found" }]);
  });
});

describe("the record of a job", () => {
  it("has the keys of its files, and what finds it in logs and traces", async () => {
    const { job_id: jobId } = await submitted(api);
    const record = await (await fetch(`${api.url}/api/jobs/${jobId}/record`)).json();
    const { input } = (await api.queue.jobs.get(parseJobId(jobId))) ?? {};
    expect(record).toMatchObject({
      ...{ job_id: jobId, request_id: expect.any(String), trace_id: null },
      record: { input: { key: input?.key } },
    });
  });
});

describe("the last hours", () => {
  it("are told span by span, with failures by code and how full the storage was", async () => {
    const job = await api.queue.jobs.get(parseJobId(await failed(api)));
    if (job !== undefined) await api.queue.statistics.count(job);
    await api.queue.storageHistory.note({ sizeBytes: 100, freeBytes: 40 });
    const trends = Trends.parse(await (await fetch(`${api.url}/api/trends`)).json());
    expect([trends.window, trends.spans.length]).toEqual(["6h", 37]);
    const told = trends.spans.slice(-2); // a span may begin in between
    expect(told.map(({ failures }) => failures)).toContainEqual({ input_invalid: 1 });
    expect(told.map(({ storage }) => storage)).toContainEqual({ size_bytes: 100, free_bytes: 40 });
    expect(trends.spans[0]).toMatchObject({ completed: 0, wait_p50_ms: null, storage: null });
  });
});

describe("the alerts", () => {
  it("tell of jobs without a worker", async () => {
    await submitted(api);
    await api.queue.catalogue.withdraw("w1");
    const { alerts } = AlertList.parse(await (await fetch(`${api.url}/api/alerts`)).json());
    expect(alerts).toContainEqual({
      ...{ alert: "no_worker", severity: "critical", processor: "csv-count", value: 1 },
    });
  });

  it("hold by the conditions of the rules, and not at their edges", () => {
    const calm = {
      ...{ processor: "p", workers: 1, ended: { completed: 8, failures: { crashed: 2 } } },
      figures: { waiting: 0, prioritized: 5, oldestWaitingMs: 600_000 },
    };
    const namesOf = (look: Partial<typeof calm>) =>
      alertsOfProcessor({ ...calm, ...look }).map(({ alert }) => alert);
    expect(namesOf({})).toEqual([]);
    expect(namesOf({ figures: { ...calm.figures, oldestWaitingMs: 600_001 } })).toEqual(["oldest_waiting"]);
    expect(namesOf({ ended: { completed: 7, failures: { crashed: 3 } } })).toEqual(["failure_rate"]);
    expect(namesOf({ ended: { completed: 6, failures: { crashed: 3 } } })).toEqual([]);
    const refused = { crashed: 2, input_invalid: 9 } as { crashed: number };
    expect(namesOf({ ended: { completed: 0, failures: refused } })).toEqual([]);
  });

  it("tell of a Redis and of a storage", () => {
    const server = { durability: "everysec", usedMemoryBytes: 70, maxMemoryBytes: 100 } as const;
    expect(alertsOfServer(server)).toEqual([]);
    expect(alertsOfServer({ ...server, durability: "none", usedMemoryBytes: 71 })).toHaveLength(2);
    expect(alertsOfServer({ ...server, maxMemoryBytes: 0 })).toEqual([]);
    const sample = { at: 0, sizeBytes: 100, freeBytes: 10 };
    expect(alertsOfStorage(sample, 1_800_000)).toEqual([]);
    expect(alertsOfStorage({ ...sample, freeBytes: 9 }, 1_800_001)).toMatchObject([
      { alert: "storage_full", value: 0.09 },
      { alert: "not_sweeping" },
    ]);
    expect(alertsOfStorage(undefined, 0)).toEqual([]);
  });
});
