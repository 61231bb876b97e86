import { signal, testQueue, withMethods } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { completeWith, finished, json, submitted, work } from "./job-steps.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";
import { watchedQueue } from "./watched-queue.js";

let api: TestApi;
afterEach(() => api.close());
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
  return api;
};
const get = (path: string, init?: RequestInit) => fetch(`${api.url}${path}`, init);

describe("a long poll", () => {
  it("answers when the status changes, in far less than what it may wait", async () => {
    const { queue, watched } = await watchedQueue();
    await start({ queue });
    const { job_id } = await submitted(api);
    const first = watched();
    const poll = json(get(`/api/jobs/${job_id}?wait=60`));
    await first;
    const go = signal();
    const consumer = work(api, async (attempt) => {
      await go.promise;
      return completeWith(api, attempt, Buffer.from("zip"));
    });
    expect((await poll).status).toBe("running");
    const second = watched();
    const nextPoll = json(get(`/api/jobs/${job_id}?wait=60`));
    await second;
    go.resolve();
    expect((await nextPoll).status).toBe("completed");
    await consumer.drain(1_000);
  });

  it("does not end on progress alone", async () => {
    const queue = await testQueue();
    const read = signal();
    const jobs = withMethods(queue.jobs, {
      get: async (id) => {
        const job = await queue.jobs.get(id);
        if (job?.progress.percent === 10) read.resolve();
        return job;
      },
    });
    await start({ queue: { ...queue, jobs } });
    const { job_id } = await submitted(api);
    const begin = signal();
    const progress = signal();
    const go = signal();
    const consumer = work(api, async (attempt) => {
      begin.resolve();
      await progress.promise;
      await attempt.progress({ percent: 10, stage: null, message: null });
      await go.promise;
      return { kind: "cancelled" };
    });
    await begin.promise;
    const poll = json(get(`/api/jobs/${job_id}?wait=60`));
    progress.resolve();
    await read.promise;
    go.resolve();
    expect((await poll).status).toBe("cancelled");
    await consumer.drain(1_000);
  });

  it("answers the unchanged job when its time is over", async () => {
    await start();
    const { job_id } = await submitted(api);
    const before = performance.now();
    expect((await json(get(`/api/jobs/${job_id}?wait=1`))).status).toBe("queued");
    expect(performance.now() - before).toBeGreaterThan(900);
  });

  it("ends at once when the process stops", async () => {
    const { queue, watched } = await watchedQueue();
    await start({ queue });
    const { job_id } = await submitted(api);
    const watching = watched();
    const poll = json(get(`/api/jobs/${job_id}?wait=60`));
    await watching;
    api.stop.abort();
    expect((await poll).status).toBe("queued");
  });

  it("answers a finished job at once", async () => {
    await start();
    const job = await finished(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
    expect((await json(get(`/api/jobs/${job.job_id}?wait=60`))).status).toBe("completed");
  });

  it.each(["61", "-1", "x", "1.5", ""])("refuses wait=%s", async (wait) => {
    await start();
    const { job_id } = await submitted(api);
    const response = await get(`/api/jobs/${job_id}?wait=${wait}`);
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ errors: [{ path: "query.wait" }] });
  });
});
