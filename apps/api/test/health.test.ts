import { DomainError } from "@drover/core";
import { testQueue, testStore, waitFor, withMethods } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { json, submit } from "./job-steps.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
};
const readyz = () => fetch(`${api.url}/readyz`);

describe("readiness", () => {
  it("is 200 when Redis and the store answer", async () => {
    await start();
    expect((await readyz()).status).toBe(200);
  });

  it("is 503 and names Redis when that does not answer, liveness stays 200", async () => {
    const queue = await testQueue();
    const ping = async () => {
      throw new DomainError("redis_unavailable", "away");
    };
    await start({ queue: { ...queue, health: { ...queue.health, ping } } });
    const response = await readyz();
    expect(response.status).toBe(503);
    expect(await json(response)).toMatchObject({
      code: "redis_unavailable",
      checks: { redis: "failed", storage: "ok", draining: false },
    });
    expect((await fetch(`${api.url}/livez`)).status).toBe(200);
  });

  it("is 503 and names the store when that fails or hangs", async () => {
    const { store } = await testStore();
    await start({ store });
    store.check = () => Promise.reject(new Error("EIO"));
    expect(await json(readyz())).toMatchObject({
      code: "storage_unavailable",
      checks: { redis: "ok", storage: "failed" },
    });
    store.check = () => new Promise(() => {});
    expect((await readyz()).status).toBe(503);
  });

  it("is 503 and says that the store is full when it takes no more", async () => {
    const full = () => Promise.reject(new DomainError("storage_full", "The storage has no room left."));
    await start({ store: withMethods((await testStore()).store, { check: full }) });
    const response = await readyz();
    expect(response.status).toBe(503);
    expect(await json(response)).toMatchObject({
      code: "storage_unavailable",
      detail: "Not ready: redis ok, storage full.",
      checks: { redis: "ok", storage: "full" },
    });
  });

  it("is checked once for all who ask together, and again 2 s later", async () => {
    const { store } = await testStore();
    let checks = 0;
    const check = async () => {
      checks += 1;
    };
    await start({ store: withMethods(store, { check }) });
    const answers = await Promise.all(Array.from({ length: 20 }, readyz));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const askedAt = performance.now();
    expect((await readyz()).status).toBe(200);
    expect(checks).toBe(1);
    await waitFor(async () => (await readyz()) && checks === 2);
    expect(performance.now() - askedAt).toBeGreaterThan(1_500);
  });

  it("is 503 while the process stops, at once", async () => {
    await start();
    expect((await readyz()).status).toBe(200);
    api.stop.abort();
    const response = await readyz();
    expect(response.status).toBe(503);
    expect(await json(response)).toMatchObject({ code: "draining", checks: { draining: true } });
  });
});

describe("admission", () => {
  it("refuses a job when as many wait as may", async () => {
    await start({ maxQueued: 2 });
    expect((await submit(api)).status).toBe(202);
    expect((await submit(api)).status).toBe(202);
    const response = await submit(api);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("10");
    expect(await json(response)).toMatchObject({ code: "at_capacity" });
    expect(await api.keys()).toHaveLength(4);
  });

  it("refuses a job when Redis uses over 75 % of its memory, asking at most once a second", async () => {
    const queue = await testQueue();
    let asked = 0;
    let usedMemoryBytes = 76;
    const inspect = async () => {
      asked += 1;
      return { ...(await queue.health.inspect()), usedMemoryBytes, maxMemoryBytes: 100 };
    };
    let now = 0;
    const { createAdmission } = await import("../src/operations/admission.js");
    const admission = createAdmission({
      health: { ...queue.health, inspect },
      maxQueued: 9,
      maxUploads: 9,
      monotonicMs: () => now,
    });
    await start({ queue, deps: { admission } });
    expect(await json(submit(api))).toMatchObject({ code: "at_capacity" });
    usedMemoryBytes = 75;
    expect(await json(submit(api))).toMatchObject({ code: "at_capacity" });
    now = 1_000;
    expect((await submit(api)).status).toBe(202);
    expect(asked).toBe(2);
  });
});
