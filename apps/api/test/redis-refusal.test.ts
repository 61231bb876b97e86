import { connectQueue } from "@drover/queue";
import { type PrivateRedis, privateRedis, silentLog, waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { formWith, json, submit } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

/** Redis answers, and says no to every write: it wants a replica that is not there. */
describe("while Redis refuses to write", () => {
  let redis: PrivateRedis;
  let api: TestApi;
  beforeAll(async () => {
    redis = await privateRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    const queue = connectQueue({ url: redis.url, prefix: redis.prefix(), log: silentLog });
    api = await startApi({ queue });
    await redis.configure("min-replicas-to-write", "1");
  });
  afterEach(async () => {
    await redis.configure("min-replicas-to-write", "0");
    await api.close();
  });

  it("a submit is a plain 503, and nothing of it is left that could run afterwards", async () => {
    const headers = [{}, {}, {}, { "idempotency-key": "k" }, { "idempotency-key": "k" }];
    const answers = await Promise.all(headers.map((header) => submit(api, formWith(), header)));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(503));
    for (const problem of await Promise.all(answers.map(json))) {
      expect(problem).toMatchObject({ code: "redis_unavailable" });
      expect(problem).not.toHaveProperty("may_exist");
    }
    // Without a manifest there is nothing to restore.
    await waitFor(async () => (await api.keys()).length === 0);
    await redis.configure("min-replicas-to-write", "0");
    expect((await api.queue.jobs.list({ limit: 9 })).jobs).toEqual([]);
    const repeated = await submit(api, formWith(), { "idempotency-key": "k" });
    expect([repeated.status, repeated.headers.get("idempotent-replayed")]).toEqual([202, null]);
  });
});
