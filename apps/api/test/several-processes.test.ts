import { testQueue, testRedis, testStore, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { completeWith, formWith, json, submit, submitted, work } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let first: TestApi;
let second: TestApi;
beforeEach(async () => {
  const redis = await testRedis();
  onTestFinished(() => redis.stop());
  const prefix = redis.prefix();
  const { store } = await testStore();
  first = await startApi({ queue: await testQueue(prefix), store });
  second = await startApi({ queue: await testQueue(prefix), store });
});
afterEach(() => Promise.all([first.close(), second.close()]));

const read = (api: TestApi, id: string, query = "") => fetch(`${api.url}/api/jobs/${id}${query}`);

describe("two apis on one Redis", () => {
  it("know each other's jobs at once", async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, async () => (await submitted(first)).job_id));
    const answers = await Promise.all(ids.map(async (id) => (await read(second, id)).status));
    expect(answers).toEqual(Array(30).fill(200));
  });

  it("make one job of twins that came to both", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        submit(i % 2 === 0 ? first : second, formWith("a"), { "idempotency-key": "k" }),
      ),
    );
    const ids = new Set(await Promise.all(answers.map(async (answer) => (await json(answer)).job_id)));
    expect(ids.size).toBe(1);
    await waitFor(async () => (await first.keys()).length === 2);
  });

  it("wake a long poll at the one when a worker at the other finishes the job", async () => {
    const { job_id } = await submitted(first);
    const consumer = work(second, (attempt) => completeWith(second, attempt, Buffer.from("zip")));
    let job = await json(read(first, job_id));
    while (job["completed_at"] === null) job = await json(read(first, job_id, "?wait=20"));
    expect(job.status).toBe("completed");
    const download = await fetch(`${second.url}/api/jobs/${job_id}/download`);
    expect(await download.text()).toBe("zip");
    await consumer.drain(0);
  });

  it("cancel, retry and delete each other's jobs", async () => {
    const { job_id } = await submitted(first);
    expect((await fetch(`${second.url}/api/jobs/${job_id}/cancel`, { method: "POST" })).status).toBe(200);
    expect((await json(read(first, job_id))).status).toBe("cancelled");
    expect((await fetch(`${first.url}/api/jobs/${job_id}/retry`, { method: "POST" })).status).toBe(202);
    expect((await json(read(second, job_id))).status).toBe("queued");
    expect((await fetch(`${second.url}/api/jobs/${job_id}`, { method: "DELETE" })).status).toBe(204);
    expect((await read(first, job_id)).status).toBe(404);
    expect(await first.keys()).toEqual([`tombstones/${job_id}.json`]);
  });

  it("delete a job that runs elsewhere", async () => {
    const { job_id } = await submitted(first);
    const consumer = work(second, async (attempt) => {
      await new Promise((resolve) => attempt.signal.addEventListener("abort", resolve));
      return { kind: "cancelled" };
    });
    await waitFor(async () => (await json(read(first, job_id))).status === "running");
    expect((await fetch(`${first.url}/api/jobs/${job_id}`, { method: "DELETE" })).status).toBe(204);
    expect((await read(second, job_id)).status).toBe(404);
    await consumer.drain(0);
  });
});
