import { randomUUID } from "node:crypto";
import { connectQueue } from "@drover/queue";
import { type PrivateRedis, privateRedis, silentLog, testStore, waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { formWith, json, submit, submitted } from "./job-steps.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";

const PROMISED_MS = 2_000;

/** The process of Redis is stopped: connections are made and hear nothing. */
describe("while Redis says nothing", () => {
  let redis: PrivateRedis;
  let api: TestApi;
  beforeAll(async () => {
    redis = await privateRedis();
  });
  afterAll(() => redis.stop());
  afterEach(async () => {
    redis.signal("SIGCONT");
    await api.close();
  });
  const start = async (options: TestApiOptions = {}) => {
    const queue = connectQueue({ url: redis.url, prefix: redis.prefix(), log: silentLog });
    api = await startApi({ queue, ...options });
  };
  const timed = async (request: () => Promise<Response>) => {
    const startedAt = performance.now();
    const response = await request();
    return { status: response.status, ms: performance.now() - startedAt, problem: await json(response) };
  };

  it("every request that needs it answers 503 within 2 s, the first ones together and later ones at once", async () => {
    await start();
    const { job_id } = await submitted(api);
    const job = `${api.url}/api/jobs/${job_id}`;
    const unknown = `${api.url}/api/jobs/${randomUUID()}`;
    const post = { method: "POST" };
    const requests = [
      () => submit(api),
      () => submit(api, formWith("k"), { "idempotency-key": "k" }),
      () => fetch(`${api.url}/api/processors/no-such/jobs`, { method: "POST", body: formWith() }),
      () => fetch(job),
      () => fetch(`${job}?wait=20&include=timeline`),
      () => fetch(unknown),
      () => fetch(`${job}/logs`),
      () => fetch(`${job}/result`),
      () => fetch(`${job}/download`),
      () => fetch(`${job}/cancel`, post),
      () => fetch(`${job}/retry`, post),
      () => fetch(job, { method: "DELETE" }),
      () => fetch(`${api.url}/api/jobs?limit=5`),
      () => fetch(`${api.url}/api/processors`),
      () => fetch(`${api.url}/api/job-status/${job_id}`),
      () => fetch(`${api.url}/api/status/${job_id}`),
      () => fetch(`${api.url}/readyz`),
    ];
    redis.signal("SIGSTOP");
    const first = await Promise.all([...requests, ...requests].map(timed));
    const later = await Promise.all(requests.map(timed));
    for (const { status, ms } of first) {
      expect(status).toBe(503);
      expect(ms).toBeLessThan(PROMISED_MS);
    }
    for (const { status, ms } of later) {
      expect(status).toBe(503);
      expect(ms).toBeLessThan(PROMISED_MS / 2);
    }
    redis.signal("SIGCONT");
    await waitFor(async () => (await fetch(job)).status === 200, { deadlineMs: 10_000 });
    expect(await api.keys()).toHaveLength(2); // what was refused is gone again
  });

  it.each(["admitted", "stored", "enqueued"] as const)(
    "a submit that was %s when it fell silent is answered within 2 s",
    async (step) => {
      let silentAt = 0;
      const stopRedis = () => {
        if (silentAt > 0) return; // once
        redis.signal("SIGSTOP");
        silentAt = performance.now();
      };
      const { store } = await testStore();
      const put = store.put.bind(store);
      store.put = (key, source, options) => {
        if (step === "admitted" && key.endsWith("/file")) stopRedis();
        return put(key, source, options);
      };
      await start({
        store,
        deps: {
          failpoint: async (name) => {
            if (name === step) stopRedis();
          },
        },
      });
      const response = await submit(api, formWith(), { "idempotency-key": step });
      expect(performance.now() - silentAt).toBeLessThan(PROMISED_MS);
      expect(response.status).toBe(step === "enqueued" ? 202 : 503);
      redis.signal("SIGCONT");
      const repeated = await waitFor(
        async () => {
          const answer = await submit(api, formWith(), { "idempotency-key": step });
          return answer.status === 202 ? answer : undefined;
        },
        { deadlineMs: 10_000 },
      );
      expect((await api.queue.jobs.list({ limit: 9 })).jobs.map((job) => job.id)).toEqual([
        (await json(repeated)).job_id,
      ]);
      await waitFor(async () => (await api.keys()).length === 2);
    },
  );
});
