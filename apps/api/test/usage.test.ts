import type { Usage } from "@drover/contract";
import { NO_LIMITS, type TenantLimits } from "@drover/core";
import { testQueue } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { createLimitDirectory } from "../src/access/limit-directory.js";
import { callersByHeader } from "./header-callers.js";
import { completeWith, formWith } from "./job-steps.js";
import { as, jsonAs, startedAs } from "./tenant-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());

async function start(ofAll: Partial<TenantLimits>): Promise<void> {
  const queue = await testQueue();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const limits = { store: queue.limits, minutes: queue.minutes, log, ofAll: { ...NO_LIMITS, ...ofAll } };
  api = await startApi({
    queue,
    deps: { callers: callersByHeader, tenantLimits: createLimitDirectory(limits) },
  });
}

const submit = (tenant: string, text = "a,b\n1,2\n") =>
  as(tenant, `${api.url}/api/processors/csv-count/jobs`, { method: "POST", body: formWith(text) });

const usage = async (tenant: string, query = "") =>
  (await jsonAs(tenant, `${api.url}/api/usage${query}`)) as unknown as Usage;

describe("the limit of waiting jobs", () => {
  it("refuses one more, leaves nothing of it, and lets others through", async () => {
    await start({ queuedJobs: 2 });
    await startedAs("acme", api);
    await startedAs("acme", api);
    const before = await api.keys();
    const refused = await submit("acme");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("10");
    expect(await refused.json()).toMatchObject({ code: "quota_exceeded", limit: "queued_jobs" });
    expect(await api.keys()).toEqual(before);
    expect((await submit("other")).status).toBe(202);
  });

  it("has room again when a job was cancelled", async () => {
    await start({ queuedJobs: 1 });
    const id = await startedAs("acme", api);
    expect((await submit("acme")).status).toBe(429);
    await as("acme", `${api.url}/api/jobs/${id}/cancel`, { method: "POST" });
    expect((await submit("acme")).status).toBe(202);
  });
});

describe("the limit of stored bytes", () => {
  it("counts the file that is being sent, and has room again when a job was deleted", async () => {
    await start({ storedBytes: 1_000 });
    const accepted = await submit("acme", "x".repeat(600));
    const { job_id } = (await accepted.json()) as { job_id: string };
    const before = await api.keys();
    const refused = await submit("acme", "x".repeat(600));
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: "quota_exceeded", limit: "stored_bytes" });
    expect(await api.keys()).toEqual(before);
    expect((await submit("other", "x".repeat(600))).status).toBe(202);
    await as("acme", `${api.url}/api/jobs/${job_id}`, { method: "DELETE" });
    expect((await usage("acme")).used.stored_bytes).toBe(0);
    expect((await submit("acme", "x".repeat(600))).status).toBe(202);
  });

  it("counts of a completed job what it made, once however often it is settled", async () => {
    await start({});
    const id = await startedAs("acme", api);
    expect((await usage("acme")).used.stored_bytes).toBeGreaterThan(0);
    const consumer = api.queue.attempts.consume(
      "csv-count",
      { slots: 1, workerId: "w1", retry: { baseDelayMs: 0, maxDelayMs: 0 } },
      (attempt) => completeWith(api, attempt, Buffer.from("seven b"), "out.csv"),
    );
    await expect
      .poll(async () => (await api.queue.jobs.get(id))?.status, { timeout: 10_000 })
      .toBe("completed");
    await consumer.drain(0);
    const job = await api.queue.jobs.get(id);
    if (job === undefined) throw new Error("it is gone");
    await api.queue.statistics.count(job);
    await api.queue.statistics.count(job);
    expect((await usage("acme")).used.stored_bytes).toBe(7);
  });
});

describe("what a tenant uses", () => {
  it("is its own, and any tenant's for an admin", async () => {
    await start({ queuedJobs: 5 });
    await startedAs("acme", api);
    expect(await usage("acme")).toMatchObject({
      tenant: "acme",
      limits: { queued_jobs: 5, stored_bytes: null, running_jobs: null, requests_per_minute: null },
      used: { queued_jobs: 1, running_jobs: { "csv-count": 0 } },
    });
    expect(await usage("other")).toMatchObject({ used: { queued_jobs: 0, stored_bytes: 0 } });
    expect(await usage("admin", "?tenant=acme")).toMatchObject({ tenant: "acme", used: { queued_jobs: 1 } });
    expect((await as("other", `${api.url}/api/usage?tenant=acme`)).status).toBe(403);
  });

  it("has no bytes for the default tenant, which are not counted without a limit of all", async () => {
    await start({});
    await startedAs("default", api);
    expect((await usage("default")).used).toMatchObject({ queued_jobs: 1, stored_bytes: null });
  });
});
