import type { JobList, Stats, WebhookList, WebhookWithSecret } from "@drover/contract";
import { isTerminal, parseJobId, type WebhookEndpoint } from "@drover/core";
import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callersByHeader } from "./header-callers.js";
import { as, jsonAs, startedAs } from "./tenant-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi({ deps: { callers: callersByHeader } });
});
afterEach(() => api.close());

const listed = async (tenant: string, query = "") => {
  const body = await jsonAs(tenant, `${api.url}/api/jobs${query}`);
  return (body as unknown as JobList).jobs.map(({ job_id, tenant: owner }) => [job_id, owner] as const);
};

/** Jobs of three tenants, each made after the one before: `default`, `acme`, `other`, twice. */
async function jobsOfThree() {
  const made: Record<string, string[]> = { default: [], acme: [], other: [] };
  for (let i = 0; i < 2; i++)
    for (const [tenant, ids] of Object.entries(made)) ids.unshift(await startedAs(tenant, api));
  return made as { readonly default: string[]; readonly acme: string[]; readonly other: string[] };
}

describe("the list of jobs", () => {
  it("is the caller's own, whatever it is filtered by, and of all for an admin", async () => {
    const made = await jobsOfThree();
    for (const query of ["", "?status=queued", "?processor=csv-count", "?q=log", "?status=queued&q=log"]) {
      for (const tenant of ["acme", "other"] as const)
        expect(await listed(tenant, query)).toEqual(made[tenant].map((id) => [id, tenant]));
      expect(await listed("default", query)).toEqual(made.default.map((id) => [id, undefined]));
      expect(await listed("nobody", query)).toEqual([]);
      expect(await listed("admin", query)).toHaveLength(6);
    }
    expect(await listed("admin", "?tenant=acme")).toEqual(made.acme.map((id) => [id, "acme"]));
    expect(await listed("admin", "?tenant=default&status=queued")).toHaveLength(2);
  });

  it("of a tenant is refused to another, who may name its own", async () => {
    await startedAs("acme", api);
    expect(await listed("acme", "?tenant=acme")).toHaveLength(1);
    for (const path of ["/api/jobs", "/api/stats", "/api/events"]) {
      const response = await as("other", `${api.url}${path}?tenant=acme`);
      expect([path, response.status]).toEqual([path, 403]);
    }
  });

  it("goes by pages whose cursors name no job of others", async () => {
    const made = await jobsOfThree();
    for (const tenant of ["default", "acme"] as const) {
      const found: string[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const query: string = cursor === "" ? "?limit=1" : `?limit=1&cursor=${cursor}`;
        const page = (await jsonAs(tenant, `${api.url}/api/jobs${query}`)) as unknown as JobList;
        found.push(...page.jobs.map(({ job_id }) => job_id));
        cursor = page.next_cursor;
        const told = Buffer.from(cursor ?? "", "base64url").toString();
        for (const id of [...made.other, ...made[tenant === "acme" ? "default" : "acme"]])
          expect(told).not.toContain(id);
      }
      expect(found).toEqual(made[tenant]);
    }
  });

  it("loses a job that is deleted, or erased when it expired", async () => {
    const [first, second] = [await startedAs("acme", api), await startedAs("acme", api)];
    expect((await as("acme", `${api.url}/api/jobs/${first}`, { method: "DELETE" })).status).toBe(204);
    expect(await listed("acme")).toEqual([[second, "acme"]]);
    await api.queue.jobs.cancel(second);
    await api.queue.finished.expire({ id: second, processor: "csv-count" }, Date.now() + 60_000);
    expect(await listed("acme")).toEqual([]);
    expect(await listed("admin")).toEqual([]);
  });
});

it("one Idempotency-Key makes a job for each tenant", async () => {
  const options = { key: "once" };
  const [acme, other, again] = [
    await startedAs("acme", api, options),
    await startedAs("other", api, options),
    await startedAs("acme", api, options),
  ];
  expect(again).toBe(acme);
  expect(other).not.toBe(acme);
  const legacy = await startedAs("acme", api, { path: "/api/upload" });
  expect((await as("acme", `${api.url}/api/status/${legacy}`)).status).toBe(200);
  expect((await as("other", `${api.url}/api/status/${legacy}`)).status).toBe(404);
  const owned = await api.queue.jobs.get(legacy);
  expect(owned?.tenant).toBe("acme");
});

it("what an admin submits belongs to the admin's own tenant", async () => {
  const id = await startedAs("admin", api);
  expect((await api.queue.jobs.get(id))?.tenant).toBe("ops");
  expect((await as("ops", `${api.url}/api/jobs/${id}`)).status).toBe(200);
  expect((await as("default", `${api.url}/api/jobs/${id}`)).status).toBe(404);
});

describe("the stream of many jobs", () => {
  /** What a stream says up to the first text that `isEnough` holds for. */
  async function read(tenant: string, isEnough: (text: string) => boolean, headers = {}): Promise<string> {
    const stop = new AbortController();
    const response = await as(tenant, `${api.url}/api/events`, { headers, signal: stop.signal });
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      if (isEnough(text)) break;
    }
    stop.abort();
    return text;
  }

  it("tells a tenant of its own jobs alone, and goes on where it broke off", async () => {
    const [old, foreign] = [await startedAs("acme", api), await startedAs("other", api)];
    const own = read("acme", (text) => text.includes('"status":"cancelled"'));
    const all = read("admin", (text) => text.split('"status":"cancelled"').length > 2);
    await waitFor(async () => (await api.queue.jobs.get(old)) !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 300)); // both streams are open
    for (const id of [foreign, old]) await api.queue.jobs.cancel(id);
    const text = await own;
    expect(text).toContain(old);
    expect(text).not.toContain(foreign);
    expect(await all).toContain(foreign);
    const last = /^id: ?(.+)$/m.exec(text)?.[1] ?? "";
    expect(last).toMatch(/^[a-z-]+:\d+-\d+/);
    const next = await startedAs("acme", api);
    const missed = await startedAs("other", api);
    for (const id of [missed, next]) await api.queue.jobs.cancel(id);
    const resumed = await read("acme", (more) => more.includes('"status":"cancelled"'), {
      "last-event-id": last,
    });
    expect(resumed).toContain(next);
    for (const id of [missed, foreign]) expect(resumed).not.toContain(id);
  });
});

describe("endpoints of webhooks", () => {
  const create = (tenant: string) =>
    jsonAs(tenant, `${api.url}/api/webhooks`, {
      method: "POST",
      body: JSON.stringify({ url: "https://example.com/hook" }),
      headers: { "content-type": "application/json" },
    }) as unknown as Promise<WebhookWithSecret>;
  const list = async (tenant: string) => {
    const body = await jsonAs(tenant, `${api.url}/api/webhooks`);
    return (body as unknown as WebhookList).webhooks.map(({ id }) => id);
  };

  it("are listed to their tenant, and all to an admin; each tenant has room for its own", async () => {
    const acme = await create("acme");
    const ownless = await create("default");
    expect([acme.tenant, ownless.tenant]).toEqual(["acme", undefined]);
    expect(await list("acme")).toEqual([acme.id]);
    expect(await list("default")).toEqual([ownless.id]);
    expect(await list("other")).toEqual([]);
    expect((await list("admin")).sort()).toEqual([acme.id, ownless.id].sort());
    for (let i = 1; i < 50; i++)
      await api.queue.webhooks.endpoints.add({ ...(await stored(acme.id)), id: `ep_${i}` });
    expect(await create("acme")).toMatchObject({ status: 400, code: "invalid_request" });
    expect(await create("other")).toMatchObject({ tenant: "other" });
  });

  async function stored(id: string): Promise<WebhookEndpoint> {
    const endpoint = await api.queue.webhooks.endpoints.get(id);
    if (endpoint === undefined) throw new Error("there is no such endpoint");
    return endpoint;
  }
});

it("statistics are of the caller's jobs, of all for an admin", async () => {
  for (const tenant of ["default", "acme", "acme", "other"]) {
    const id = await startedAs(tenant, api);
    await as(tenant, `${api.url}/api/jobs/${id}/cancel`, { method: "POST" });
    const job = await api.queue.jobs.get(parseJobId(id));
    expect(job !== undefined && isTerminal(job.status)).toBe(true);
  }
  const counted = async (tenant: string, query = "") => {
    const { total, processors } = (await jsonAs(
      tenant,
      `${api.url}/api/stats?window=1h${query}`,
    )) as unknown as Stats;
    expect(processors.find(({ processor }) => processor === "csv-count")?.cancelled).toBe(total.cancelled);
    return total.cancelled;
  };
  expect(await counted("acme")).toBe(2);
  expect(await counted("other")).toBe(1);
  expect(await counted("default")).toBe(1);
  expect(await counted("nobody")).toBe(0);
  expect(await counted("admin")).toBe(4);
  expect(await counted("admin", "&tenant=acme")).toBe(2);
  expect(await counted("admin", "&tenant=default")).toBe(1);
});
