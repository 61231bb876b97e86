import { Scale, Stats } from "@drover/contract";
import { type Job, type Outcome, parseJobId } from "@drover/core";
import { signal, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failed, finished, formWith, post, submit, submitted } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const scale = async (processor = "csv-count") =>
  Scale.parse(await (await fetch(`${api.url}/api/scale/${processor}`)).json());
const stats = async (of = api, query = "?window=1h") =>
  Stats.parse(await (await fetch(`${of.url}/api/stats${query}`)).json());

/** What a worker does when it has recorded the end of a job. */
async function count(id: string): Promise<Job> {
  const job = await api.queue.jobs.get(parseJobId(id));
  if (job === undefined) throw new Error("there is no such job");
  await api.queue.statistics.count(job);
  return job;
}

/** A job runs in the only slot that there is, until the returned function is called. */
async function oneRuns(): Promise<() => Promise<void>> {
  const started = signal();
  await submitted(api);
  const options = { slots: 1, workerId: "w1", retry: { baseDelayMs: 0, maxDelayMs: 0 } };
  const consumer = api.queue.attempts.consume("csv-count", options, async ({ signal: stop }) => {
    started.resolve();
    await new Promise((resolve) => stop.addEventListener("abort", resolve));
    return { kind: "released" };
  });
  await started.promise;
  return () => consumer.drain(0);
}

const done = async (): Promise<Outcome> => ({ kind: "completed", result: null, artifacts: [] });

describe("the scale of a processor", () => {
  it("is the jobs that need a slot now, by state, and how many slots there are", async () => {
    const drain = await oneRuns();
    await Promise.all(
      [-5, 0, 7].map((priority) => submit(api, formWith("a", { priority: String(priority) }))),
    );
    await submit(api, formWith("a", { run_at: new Date(Date.now() + 60_000).toISOString() }));
    expect(await scale()).toEqual({
      ...{ processor: "csv-count", jobs: 4, jobs_per_slot: 2 },
      ...{ waiting: 0, prioritized: 3, active: 1, delayed: 1 },
      ...{ oldest_waiting_ms: expect.any(Number), workers: 1, slots: 2 },
    });
    await drain();
  });

  it("counts a scheduled job from when it is due, though no worker is there to see it", async () => {
    await submit(api, formWith("a", { run_at: new Date(Date.now() + 3_000).toISOString() }));
    expect(await scale()).toMatchObject({ jobs: 0, delayed: 1 });
    await waitFor(async () => (await scale()).jobs === 1);
    expect(await scale()).toMatchObject({ waiting: 1, delayed: 0 });
  });

  it("without a worker is all that waits, so that the first one is started", async () => {
    await api.queue.catalogue.withdraw("w1");
    await api.deps.processors.list();
    await submitted(api);
    expect(await scale()).toMatchObject({ jobs: 1, jobs_per_slot: 1, workers: 0, slots: 0 });
  });

  it("of one that nobody has announced is 404", async () => {
    const response = await fetch(`${api.url}/api/scale/nobody`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: "processor_not_found" }]);
  });
});

describe("the statistics", () => {
  it("say how jobs ended, of each processor and of all", async () => {
    for (let i = 0; i < 3; i++) await count((await finished(api, done)).job_id);
    await count(await failed(api));
    const { job_id } = await submitted(api);
    expect((await post(api, `/api/jobs/${job_id}/cancel`)).status).toBe(200); // counted by the api itself
    const { total, processors, from, to } = await stats();
    const all = { completed: 3, failed: 1, cancelled: 1, success_rate: 0.75, failures: { input_invalid: 1 } };
    expect(total).toMatchObject(all);
    expect(processors.find(({ processor }) => processor === "csv-count")).toMatchObject(all);
    expect(processors.find(({ processor }) => processor === "any-file")).toMatchObject({
      ...{ completed: 0, success_rate: null, failures: {}, wait_ms: null, run_ms: null },
    });
    expect(total.run_ms?.p99).toBeLessThan(10_000);
    const spanMs = Date.parse(to) - Date.parse(from);
    expect(spanMs).toBeGreaterThanOrEqual(3_600_000);
    expect(spanMs).toBeLessThan(3_600_000 + 600_001);
  });

  it("are those of a day when nothing is asked for, and no others than a hour, a day and a week", async () => {
    expect(await stats(api, "")).toMatchObject({
      window: "24h",
      total: { completed: 0, success_rate: null },
    });
    for (const query of ["?window=2h", "?window=1h&window=7d", "?windw=1h"]) {
      const response = await fetch(`${api.url}/api/stats${query}`);
      expect([query, response.status]).toEqual([query, 400]);
    }
  });

  it("count a job that its client deleted at once", async () => {
    const { job_id } = await finished(api, done);
    expect((await fetch(`${api.url}/api/jobs/${job_id}`, { method: "DELETE" })).status).toBe(204);
    expect((await stats()).total).toMatchObject({ completed: 1, success_rate: 1 });
  });
});
