import { type Route, type RouteName, routes } from "@drover/contract";
import { type JobId, parseJobId } from "@drover/core";
import { noteExpiry } from "@drover/job-files";
import { connectQueue } from "@drover/queue";
import { Redis, type RedisTap, redisTap, silentLog, type TestRedis, testRedis } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callersByHeader } from "./header-callers.js";
import { completeWith } from "./job-steps.js";
import { as, startedAs } from "./tenant-steps.js";
import { startApi, type TestApi } from "./test-api.js";

/**
 * How each route keeps tenants apart: by the job or the endpoint in its path, tried here; in a way of its own,
 * tried in `tenant-lists.test.ts`; or not at all, as nothing of a tenant is in it.
 */
const ROUTES: Readonly<Record<RouteName, "job" | "webhook" | "own" | "nothing" | "admin">> = {
  submitJob: "own",
  getJob: "job",
  listJobs: "own",
  streamJob: "job",
  streamJobs: "own",
  getLogs: "job",
  getJobRecord: "admin",
  getResult: "job",
  downloadArtifact: "job",
  downloadJob: "job",
  downloadArchive: "job",
  cancelJob: "job",
  retryJob: "job",
  deleteJob: "job",
  listWebhooks: "own",
  createWebhook: "own",
  getWebhook: "webhook",
  changeWebhook: "webhook",
  rotateWebhook: "webhook",
  deleteWebhook: "webhook",
  listDeliveries: "job",
  redeliver: "job",
  createJobToken: "job",
  getCaller: "nothing",
  createKey: "admin",
  listKeys: "admin",
  revokeKey: "admin",
  getLimits: "admin",
  setLimits: "admin",
  clearLimits: "admin",
  listAudit: "admin",
  listWorkers: "admin",
  drainWorker: "admin",
  getTrends: "admin",
  listAlerts: "admin",
  getUsage: "own",
  changeProcessor: "admin",
  pauseProcessor: "admin",
  resumeProcessor: "admin",
  listProcessors: "nothing",
  getProcessor: "nothing",
  livez: "nothing",
  readyz: "nothing",
  health: "nothing",
  getStats: "own",
  getScale: "admin",
  legacyJobStatus: "job",
  legacyUpload: "own",
  legacyStatus: "job",
  legacyDownload: "job",
};
const ALL = Object.entries(routes) as [RouteName, Route][];
const routesOf = (kind: string) => ALL.filter(([name]) => ROUTES[name] === kind);

const UNKNOWN = "12345678-1234-1234-1234-123456789abc";
const UNKNOWN_ENDPOINT = "ep_AAAAAAAAAAAAAAAAAAAAAA";

let redis: TestRedis;
let tap: RedisTap;
let client: Redis;
let api: TestApi;
let prefix: string;
beforeEach(async () => {
  redis = await testRedis();
  tap = await redisTap(redis.url);
  client = new Redis(redis.url);
  prefix = redis.prefix();
  const queue = connectQueue({ url: tap.url, prefix, log: silentLog });
  await queue.health.ping();
  api = await startApi({ queue, deps: { callers: callersByHeader } });
});
afterEach(async () => {
  await api.close();
  client.disconnect();
  await tap.close();
  await redis.stop();
});

/** What a route answers to a tenant, and what it asked of Redis; without what names the id or the moment. */
async function ask(tenant: string, { method, path, body }: Route, id: string) {
  const params: Readonly<Record<string, string>> = {
    job_id: id,
    webhook_id: id,
    name: "out.csv",
    delivery_id: "msg_1",
  };
  const url = `${api.url}${path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "x")}`;
  const json =
    body === undefined ? {} : { body: JSON.stringify({}), headers: { "content-type": "application/json" } };
  const before = tap.commands.length;
  const response = await as(tenant, url, { method, ...json });
  const neutral = (text: string) => text.replaceAll(id, "<id>").replaceAll(id.toUpperCase(), "<id>");
  const { request_id, timestamp, ...members } = JSON.parse((await response.text()) || "{}");
  const {
    date,
    "x-request-id": _id,
    "content-length": _length,
    ...headers
  } = Object.fromEntries(response.headers);
  const sent = tap.commands.slice(before).filter((args) => args.some((arg) => arg.includes(prefix)));
  return {
    answer: { status: response.status, headers, members: JSON.parse(neutral(JSON.stringify(members))) },
    sent: sent.map((args) => args.map(neutral)),
  };
}

/** Jobs of a tenant in each state that answers differ by. */
async function jobsOf(tenant: string): Promise<Readonly<Record<string, JobId>>> {
  const submit = () => startedAs(tenant, api);
  const expired = await submit();
  await api.queue.jobs.cancel(expired);
  await api.queue.finished.expire({ id: expired, processor: "csv-count" }, Date.now() + 60_000);
  await noteExpiry({ id: expired, tenant }, Date.now(), api.queue.facts);
  const completed = await finishedAs(tenant);
  const damaged = await submit();
  await client.hset(`{${prefix}:csv-count}:csv-count:${damaged}`, "data", "{");
  const lost = await submit();
  await client.hdel(`{${prefix}}:index`, lost);
  return { waiting: await submit(), completed, damaged, lost, expired };
}

async function finishedAs(tenant: string): Promise<JobId> {
  const id = await startedAs(tenant, api);
  const consumer = api.queue.attempts.consume(
    "csv-count",
    { slots: 1, workerId: "w1", retry: { baseDelayMs: 0, maxDelayMs: 0 } },
    (attempt) => completeWith(api, attempt, Buffer.from("a"), "out.csv"),
  );
  await expect
    .poll(async () => (await api.queue.jobs.get(id))?.status, { timeout: 10_000 })
    .toBe("completed");
  await consumer.drain(0);
  return id;
}

it("has each route in the table, by what its path names", () => {
  expect(Object.keys(ROUTES).sort()).toEqual(ALL.map(([name]) => name).sort());
  for (const [name, { path, access }] of ALL) {
    const isOfJob = path.includes("{job_id}") && access !== "admin";
    expect([name, ROUTES[name] === "job"]).toEqual([name, isOfJob]);
    expect([name, ROUTES[name] === "webhook"]).toEqual([name, path.includes("{webhook_id}")]);
    if (ROUTES[name] === "admin") expect([name, access]).toEqual([name, "admin"]);
  }
});

describe("another tenant's job", () => {
  it("is on every route what an unknown one is: the same answer, by the same steps", async () => {
    const jobs = await jobsOf("acme");
    const state = async () => {
      const found = await Promise.all(
        Object.values(jobs).map((id) => api.queue.jobs.get(id).catch((error: unknown) => String(error))),
      );
      return JSON.stringify([found, await api.keys()]);
    };
    const before = await state();
    for (const tenant of ["other", "default"]) {
      for (const [name, route] of routesOf("job")) {
        await ask(tenant, route, UNKNOWN); // loads the scripts
        const unknown = await ask(tenant, route, UNKNOWN);
        expect([name, unknown.answer.status]).toEqual([name, 404]);
        for (const [state, id] of Object.entries(jobs)) {
          const what = `${name} of a ${state} job, asked for by ${tenant}`;
          expect({ what, ...(await ask(tenant, route, id)) }).toEqual({ what, ...unknown });
        }
      }
    }
    expect(await state()).toBe(before);
  }, 120_000);

  it("is what it is for its own tenant, and for an admin of another", async () => {
    for (const owner of ["acme", "default"]) {
      const { waiting, completed, damaged, lost, expired } = await jobsOf(owner);
      for (const caller of [owner, "admin"]) {
        const statuses = async (id = "") => (await ask(caller, routes.getJob, id)).answer.status;
        expect([caller, await statuses(waiting), await statuses(completed)]).toEqual([caller, 200, 200]);
        expect([caller, await statuses(damaged), await statuses(lost)]).toEqual([caller, 410, 200]);
        expect([caller, await statuses(expired)]).toEqual([caller, 410]);
      }
      expect((await ask("admin", routes.cancelJob, waiting ?? "")).answer.status).toBe(200);
    }
  });

  it("whose record and index entry are both lost is nobody's but an admin's", async () => {
    const { damaged = UNKNOWN } = await jobsOf("acme");
    await client.hdel(`{${prefix}}:index`, damaged);
    const other = connectQueue({ url: redis.url, prefix, log: silentLog }); // remembers nothing
    for (const tenant of ["acme", "other", "default"])
      expect(await other.of(tenant).jobs.get(parseJobId(damaged))).toBeUndefined();
    await expect(other.jobs.get(parseJobId(damaged))).rejects.toThrow(/cannot be read/);
    await other.close();
  });
});

it("another tenant's endpoint is on every route what an unknown one is", async () => {
  const made = await as("acme", `${api.url}/api/webhooks`, {
    method: "POST",
    body: JSON.stringify({ url: "https://example.com/hook" }),
    headers: { "content-type": "application/json" },
  });
  const { id } = (await made.json()) as { id: string };
  const before = await api.queue.webhooks.endpoints.list();
  for (const [name, route] of routesOf("webhook")) {
    for (const tenant of ["other", "default"]) {
      await ask(tenant, route, UNKNOWN_ENDPOINT);
      const unknown = await ask(tenant, route, UNKNOWN_ENDPOINT);
      expect([name, unknown.answer.status]).toEqual([name, 404]);
      expect({ name, ...(await ask(tenant, route, id)) }).toEqual({ name, ...unknown });
    }
  }
  expect(await api.queue.webhooks.endpoints.list()).toEqual(before);
  expect((await ask("acme", routes.getWebhook, id)).answer.status).toBe(200);
  expect((await ask("admin", routes.changeWebhook, id)).answer.status).toBe(200);
});
