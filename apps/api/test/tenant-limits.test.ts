import { NO_LIMITS, type TenantLimits } from "@drover/core";
import { testQueue } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLimitDirectory } from "../src/access/limit-directory.js";
import { callersByHeader } from "./header-callers.js";
import { startApi, type TestApi } from "./test-api.js";

const UNKNOWN = "/api/jobs/01990000-0000-7000-8000-000000000000";
let apis: readonly TestApi[];

async function start(ofAll: Partial<TenantLimits>, count = 1): Promise<void> {
  const queue = await testQueue();
  apis = await Promise.all(
    Array.from({ length: count }, () => {
      const tenantLimits = createLimitDirectory({
        ...{ store: queue.limits, minutes: queue.minutes, log: { ...console } as never, refreshMs: 20 },
        ofAll: { ...NO_LIMITS, ...ofAll },
      });
      tenantLimits.start();
      return startApi({ queue, deps: { callers: callersByHeader, tenantLimits } });
    }),
  );
}

const get = (path: string, tenant?: string, api = apis[0]) =>
  fetch(`${api?.url}${path}`, tenant === undefined ? {} : { headers: { "X-Test-Caller": `${tenant} read` } });

const put = (tenant: string, body: unknown) =>
  fetch(`${apis[0]?.url}/api/tenants/${tenant}/limits`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

beforeEach(() => {
  apis = [];
});
afterEach(async () => {
  for (const api of apis) {
    api.deps.tenantLimits.stop();
    await api.close();
  }
});

describe("a rate limit", () => {
  it("is one for all apis, and says what is left and when there is more", async () => {
    await start({ requestsPerMinute: 4 }, 2);
    const answers = [];
    for (let i = 0; i < 6; i += 1) answers.push(await get(UNKNOWN, "acme", apis[i % 2]));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 429, 429]);
    expect(answers[0]?.headers.get("ratelimit-policy")).toBe('"requests_per_minute";q=4;w=60');
    expect(answers[0]?.headers.get("ratelimit")).toMatch(/^"requests_per_minute";r=3;t=(60|59)$/);
    expect(answers[5]?.headers.get("ratelimit")).toMatch(/^"requests_per_minute";r=0;t=\d+$/);
    expect(Number(answers[5]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await answers[5]?.json()).toMatchObject({ code: "rate_limited", limit: "requests_per_minute" });
  });

  it("of one tenant leaves the others alone, and addresses without a key", async () => {
    await start({ requestsPerMinute: 1 });
    expect((await get("/api/jobs", "acme")).status).toBe(200);
    expect((await get("/api/jobs", "acme")).status).toBe(429);
    expect((await get("/api/jobs", "other")).status).toBe(200);
    expect((await get("/api/jobs")).status).toBe(200);
    expect((await get("/api/jobs")).status).toBe(429);
  });

  it("does not keep an admin from lifting it", async () => {
    await start({ requestsPerMinute: 0 });
    expect((await get("/api/jobs")).status).toBe(429);
    expect((await put("default", { requests_per_minute: null })).status).toBe(200);
    expect((await get("/api/jobs")).status).toBe(200);
  });

  it("does not hold where nobody needs a key, and there is none by default", async () => {
    await start({ requestsPerMinute: 1 });
    for (let i = 0; i < 3; i += 1) expect((await get("/livez", "acme")).status).toBe(200);
    const unlimited = await get("/livez", "acme");
    expect(unlimited.headers.get("ratelimit")).toBeNull();
  });
});

describe("the limits of a tenant", () => {
  it("replace those of all while everything runs, and go back to them", async () => {
    await start({ requestsPerMinute: 1_000, queuedJobs: 7 });
    const set = await put("acme", { requests_per_minute: 1, stored_bytes: null });
    expect(await set.json()).toEqual({
      tenant: "acme",
      limits: { requests_per_minute: 1, queued_jobs: 7, running_jobs: null, stored_bytes: null },
      own: { requests_per_minute: 1, stored_bytes: null },
    });
    expect((await get("/api/jobs", "acme")).status).toBe(200);
    expect((await get("/api/jobs", "acme")).status).toBe(429);
    const cleared = await fetch(`${apis[0]?.url}/api/tenants/acme/limits`, { method: "DELETE" });
    expect(cleared.status).toBe(204);
    expect((await get("/api/jobs", "acme")).status).toBe(200);
    expect(await (await get("/api/tenants/acme/limits")).json()).toMatchObject({ own: {} });
  });

  it("are known to an api that was not told", async () => {
    await start({}, 2);
    await put("acme", { requests_per_minute: 0 });
    await expect.poll(async () => (await get("/api/jobs", "acme", apis[1])).status).toBe(429);
  });

  it("are refused when they are none", async () => {
    await start({});
    for (const body of [{ requests_per_minute: -1 }, { queued_jobs: 1.5 }, { jobs: 3 }, [], "x"])
      expect((await put("acme", body)).status).toBe(400);
    expect((await put("Not_A_Tenant", {})).status).toBe(400);
  });
});
