import { pathOf, type Route, routes } from "@drover/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formWith, json, submit, submitted } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

/** Routes that pass over a query: those of the existing clients, and what probes ask. */
const TOLERANT = new Set([
  ...["legacyUpload", "legacyJobStatus", "legacyStatus", "legacyDownload"],
  ...["livez", "readyz", "health"],
]);
const all = Object.entries<Route>(routes);
const NAMES = { processor: "csv-count", name: "result.csv", webhook_id: "ep_1", delivery_id: "msg_1" };

const send = (route: Route, job: string, search: string) => {
  const path = pathOf(route, { ...NAMES, key_id: "k1", tenant: "acme", worker: "w1", job_id: job });
  const { method } = route;
  if (route.body === undefined) return fetch(`${api.url}${path}${search}`, { method });
  const isForm = route.body.mediaType === "multipart/form-data";
  return fetch(`${api.url}${path}${search}`, {
    method,
    body: isForm ? formWith() : "{}",
    headers: isForm ? {} : { "content-type": "application/json" },
  });
};

describe("a member of a query that nobody knows", () => {
  it.each(all.filter(([name]) => !TOLERANT.has(name)))("is refused by %s", async (_name, route) => {
    const { job_id } = await submitted(api);
    for (const search of ["?unknown=1", "?a=1&__proto__=1", "?constructor=x"]) {
      const response = await send(route, job_id, search);
      expect(response.status).toBe(400);
      expect(await json(response)).toMatchObject({ code: "invalid_request" });
    }
    expect((await json(fetch(`${api.url}/api/jobs/${job_id}`)))["status"]).toBe("queued");
    expect(await api.keys()).toHaveLength(2);
  });

  it.each(all.filter(([name]) => TOLERANT.has(name)))("is passed over by %s", async (_name, route) => {
    const { job_id } = await submitted(api);
    const plain = await send(route, job_id, "");
    expect((await send(route, job_id, "?_=1792&utm_source=x")).status).toBe(plain.status);
  });
});

describe("the members of a query", () => {
  it.each([
    ["tag.__proto__=x", "query"],
    ["tag=1", "query.tag"],
    ["tag=1&tag.a=1", "query.tag"],
    ["tag.a=1&tag.a=2", "query.tag.a"],
    ["limit=1&limit=2", "query.limit"],
    ["q=a%00b", "query"],
    [`q=${"x".repeat(201)}`, "query.q"],
  ])("%s are refused", async (search, path) => {
    const response = await fetch(`${api.url}/api/jobs?${search}`);
    expect(response.status).toBe(400);
    expect((await json(response))["errors"]).toEqual([expect.objectContaining({ path })]);
  });
});

describe("a member of a body that nobody knows", () => {
  it.each([
    ["POST", "/api/webhooks", '{"url":"https://example.com/h","colour":"red"}', "body.colour"],
    ["POST", "/api/webhooks", '{"url":"https://example.com/h","events":["job.done"]}', "body.events.0"],
    ["PATCH", "/api/webhooks/ep_1", '{"enabled":true,"owner":"me"}', "body.owner"],
    ["POST", "/api/webhooks/ep_1/rotate", '{"key":"x"}', "body.key"],
    ["POST", "/api/jobs/12345678-1234-1234-1234-123456789abc/retry", '{"priority":100}', "body.priority"],
    ["POST", "/api/webhooks", '{"url":"https://example.com/h","__proto__":{"secret":"x"}}', "body"],
    [
      "POST",
      "/api/webhooks",
      '{"constructor":{"prototype":{"url":1}},"url":"https://e.com/"}',
      "body.constructor",
    ],
  ])("is refused by %s %s: %s", async (method, path, body, at) => {
    const response = await fetch(`${api.url}${path}`, {
      ...{ method, body },
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(400);
    expect((await json(response))["errors"]).toEqual([expect.objectContaining({ path: at })]);
  });

  it("is refused in a form, within a JSON field too; a form's empty fields are passed over", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const webhook = JSON.stringify({ url: "https://example.com/h", secret, headers: { a: "b" } });
    for (const [fields, path] of [
      [{ colour: "red" }, "colour"],
      [{ webhook }, "webhook.headers"],
    ] as const) {
      const response = await submit(api, formWith("a", fields));
      expect(response.status).toBe(400);
      expect((await json(response))["errors"]).toEqual([expect.objectContaining({ path })]);
    }
    const empty = { params: "", tags: " ", priority: "", run_at: "", webhook: "", timeout_ms: "" };
    expect((await submit(api, formWith("a", empty))).status).toBe(202);
  });

  it("is passed over in the form of the existing client", async () => {
    const form = formWith("a", { colour: "red", user_id: "", submit: "Upload" });
    const response = await fetch(`${api.url}/api/upload?lang=pt`, { method: "POST", body: form });
    expect(response.status).toBe(202);
  });
});

describe("a JSON body", () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${api.url}/api/webhooks`, {
      ...{ method: "POST", body },
      headers: { "content-type": "application/json", ...headers },
    });

  it("over 16 KiB is a 413, also when only its inflated form is", async () => {
    const { gzipSync } = await import("node:zlib");
    const large = JSON.stringify({ url: `https://example.com/${"x".repeat(17_000)}` });
    const bomb = gzipSync(JSON.stringify({ url: "x".repeat(50_000_000) }));
    expect(bomb.length).toBeGreaterThan(16_384);
    const small = gzipSync(large);
    expect(small.length).toBeLessThan(16_384);
    for (const response of [
      await post(large),
      await post(bomb, { "content-encoding": "gzip" }),
      await post(small, { "content-encoding": "gzip" }),
    ]) {
      expect(response.status).toBe(413);
      expect(await json(response)).toMatchObject({ code: "body_too_large" });
    }
  });

  it.each([
    ["an encoding that nobody knows", "{}", { "content-encoding": "zstd" }],
    ["an encoding that it has not", "{}", { "content-encoding": "gzip" }],
    ["a charset that nobody knows", "{}", { "content-type": "application/json; charset=klingon" }],
    ["no type", "{}", { "content-type": "text/plain" }],
    ["nothing in it", "", {}],
  ])("with %s is a 400", async (_what, body, headers) => {
    const response = await post(body, headers);
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ code: "invalid_request" });
  });
});
