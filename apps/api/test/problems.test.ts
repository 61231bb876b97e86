import { createServer } from "node:net";
import { pathOf, type Route, routes } from "@drover/contract";
import type { JobId } from "@drover/core";
import { silentLog, testQueue, waitFor, withMethods } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { formWith, json, submit } from "./job-steps.js";
import { rawGet } from "./raw-get.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
let errors = 0;
afterEach(async () => {
  await api.close({ errors });
  errors = 0;
});
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
};
const JOB = "12345678-1234-1234-1234-123456789abc";

describe("a request", () => {
  it("to nowhere is 404", async () => {
    await start();
    const response = await fetch(`${api.url}/api/nothing?secret=1`);
    expect(response.status).toBe(404);
    expect(await json(response)).toMatchObject({
      code: "route_not_found",
      path: "/api/nothing",
      instance: "/api/nothing",
    });
  });

  it.each(["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"])(
    "to nowhere by a browser, which accepts %s, is 404 with a page that leads on",
    async (accept) => {
      await start();
      const response = await fetch(`${api.url}/p/<b>nothing?secret=1`, { headers: { accept } });
      expect([response.status, response.headers.get("content-type")]).toEqual([
        404,
        "text/html; charset=utf-8",
      ]);
      const page = await response.text();
      expect(page).toContain('<a href="/docs/">');
      expect(page).toContain(response.headers.get("x-request-id"));
      expect(page).not.toMatch(/secret|<b>|<script/);
      await waitFor(() => api.lines.find(({ message }) => message.includes("404")));
    },
  );

  it.each(["*/*", "application/json", "application/problem+json, text/html", undefined])(
    "to nowhere by a program, which accepts %s, is a problem document",
    async (accept) => {
      await start();
      const headers = accept === undefined ? {} : { accept };
      const { status, headers: sent } = await rawGet(`${api.url}/nothing`, headers);
      expect([status, sent["content-type"]]).toEqual([404, "application/problem+json; charset=utf-8"]);
      const posted = await fetch(`${api.url}/nothing`, { method: "POST", headers: { accept: "text/html" } });
      expect(posted.headers.get("content-type")).toContain("application/problem+json");
    },
  );

  it.each([
    ["PUT", `/api/jobs/${JOB}`, "GET, HEAD, DELETE, OPTIONS"],
    ["GET", `/api/jobs/${JOB}/cancel`, "POST, OPTIONS"],
    ["GET", "/api/upload", "POST, OPTIONS"],
    ["PATCH", "/openapi.json", "GET, HEAD, OPTIONS"],
  ])("%s %s is 405 and says what is possible", async (method, path, allow) => {
    await start();
    const response = await fetch(`${api.url}${path}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    expect(await json(response)).toMatchObject({ code: "method_not_allowed" });
    const options = await fetch(`${api.url}${path}`, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, allow]);
  });

  it.each(["/api/jobs/%zz", "/api/jobs/%E0%A4%A", "/%c0"])(
    "with the malformed path %s is 400 or 404, never 500",
    async (path) => {
      await start();
      const response = await fetch(`${api.url}${path}`);
      expect([400, 404]).toContain(response.status);
      expect(response.headers.get("content-type")).toContain("application/problem+json");
    },
  );

  it("keeps its own sane id, and gets one instead of any other", async () => {
    await start();
    const idOf = async (id: string) =>
      (await fetch(`${api.url}/livez`, { headers: { "x-request-id": id } })).headers.get("x-request-id");
    expect(await idOf("abc-DEF_1.2")).toBe("abc-DEF_1.2");
    for (const odd of ["a b", "x".repeat(129), "<script>"])
      expect(await idOf(odd)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is answered with security headers and nothing about the framework", async () => {
    await start();
    const { headers } = await fetch(`${api.url}/livez`);
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-powered-by")).toBeNull();
  });

  it("has one line in the log, debug when it only read", async () => {
    await start();
    await fetch(`${api.url}/livez?x=1`, { headers: { "x-request-id": "r1" } });
    const line = await waitFor(() => api.lines.find(({ fields }) => fields.request_id === "r1"));
    expect(line).toMatchObject({
      level: "debug",
      message: "GET /livez 200",
      fields: { status: 200, duration_ms: expect.any(Number) },
    });
    await submit(api, undefined, { "x-request-id": "r2" });
    const accepted = await waitFor(() => api.lines.filter(({ fields }) => fields.request_id === "r2"));
    await waitFor(() => api.lines.some(({ fields }) => fields.request_id === "r2"));
    expect(accepted.length).toBeLessThanOrEqual(1);
    expect(api.lines.find(({ fields }) => fields.request_id === "r2")).toMatchObject({
      level: "info",
      fields: { job_id: expect.any(String), processor: "csv-count", filename: "log.csv", size_bytes: 8 },
    });
  });

  it.each(["processors/csv-count/jobs", "upload"])(
    "that submits by /api/%s gives its id to the job, and the file's name and size to its line",
    async (path) => {
      await start();
      const headers = { "x-request-id": "r3" };
      const response = await fetch(`${api.url}/api/${path}`, { method: "POST", body: formWith(), headers });
      const { job_id } = await json(response);
      const line = await waitFor(() => api.lines.find(({ fields }) => fields.request_id === "r3"));
      expect(line.fields).toMatchObject({ job_id, filename: "log.csv", size_bytes: 8 });
      expect(await api.queue.jobs.get(job_id as JobId)).toMatchObject({ requestId: "r3" });
    },
  );

  it("that meets the unexpected is an opaque 500, logged once with the stack", async () => {
    errors = 1;
    const queue = await testQueue();
    const get = async () => {
      throw new TypeError("secret detail at /srv/private");
    };
    await start({ queue: { ...queue, jobs: withMethods(queue.jobs, { get }) } });
    const response = await fetch(`${api.url}/api/jobs/${JOB}`);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain("secret");
    expect(JSON.parse(text)).toMatchObject({
      code: "internal",
      request_id: response.headers.get("x-request-id"),
    });
    const line = await waitFor(() => api.lines.find(({ level }) => level === "error"));
    expect((line.fields.error as Error).stack).toContain("secret detail");
  });
});

describe("with Redis away", () => {
  it("everything that needs it is 503 with Retry-After within 2 s, and the rest goes on", {
    timeout: 40_000,
  }, async () => {
    const { connectQueue } = await import("@drover/queue");
    const queue = connectQueue({ url: `redis://127.0.0.1:${await freePort()}`, prefix: "x", log: silentLog });
    await start({ queue, processors: [] });
    const own = { webhook_id: "ep_1", delivery_id: "msg_1", key_id: "k1", tenant: "acme", worker: "w1" };
    const others = { processor: "csv-count", name: "result.csv", ...own };
    const params = { job_id: JOB, ...others };
    const requests = Object.values<Route>(routes)
      .filter((route) => route.errors.includes("redis_unavailable") && route.body?.isRequired !== true)
      .filter(({ path }) => path !== "/api/caller") // who sends no key, on this machine, needs no Redis to be told so
      .map((route): [string, string] => [route.method, pathOf(route, params)]);
    expect(requests.length).toBeGreaterThan(10);
    requests.push(["GET", `/api/jobs/${JOB}?wait=30`], ["GET", "/readyz"]);
    const ask = async ([method, path]: readonly [string, string]) => {
      const before = performance.now();
      const response = await fetch(`${api.url}${path}`, { method });
      expect([path, response.status, response.headers.get("retry-after")]).toEqual([path, 503, "2"]);
      expect(performance.now() - before).toBeLessThan(2_000);
      expect(await json(response)).toMatchObject({ code: "redis_unavailable" });
    };
    for (let i = 0; i < requests.length; i += 8) await Promise.all(requests.slice(i, i + 8).map(ask));
    expect((await submit(api)).status).toBe(503);
    expect(await api.keys()).toEqual([]);
    for (const path of ["/livez", "/health", "/openapi.json", "/docs/"]) {
      const response = await fetch(`${api.url}${path}`);
      expect(response.status).toBe(200);
      await response.arrayBuffer(); // one that is left half unread keeps its connection
    }
  });
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 1;
}
