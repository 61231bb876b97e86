import { request as httpRequest } from "node:http";
import { DomainError } from "@drover/core";
import { testQueue, testRedis, waitFor, withMethods } from "@drover/testkit";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { formWith, json, submit } from "./job-steps.js";
import { bearer, type KeyedApiOptions, madeKey, startKeyedApi } from "./keyed-api.js";
import type { TestApi } from "./test-api.js";

const apis: TestApi[] = [];
afterEach(() => Promise.all(apis.splice(0).map((api) => api.close())));

async function start(options?: KeyedApiOptions): Promise<TestApi> {
  const api = await startKeyedApi(options);
  apis.push(api);
  return api;
}

const ADMIN = { tenant: "ops", scopes: ["submit", "read", "admin"] };
const SECRET = "0123456789abcdef01234567";
const get = (api: TestApi, path = "/api/jobs", headers: Record<string, string> = {}) =>
  fetch(`${api.url}${path}`, { headers });
/** The status of an answer that is read to its end: an unread one keeps its connection. */
const statusOf = async (asked: Promise<Response>) => {
  const response = await asked;
  await response.arrayBuffer();
  return response.status;
};

describe("a server without keys", () => {
  it("on loopback serves everybody, and nobody without a key once there is one", async () => {
    const api = await start();
    expect(await statusOf(get(api))).toBe(200);
    const through = { "x-forwarded-for": "10.0.0.5" };
    expect(await statusOf(get(api, "/api/keys", through))).toBe(200);
    const { id, key } = await madeKey(api, ADMIN);
    const refused = await get(api);
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="Drover"']);
    expect(await json(refused)).toMatchObject({ code: "unauthorized" });
    expect(await statusOf(get(api, "/api/jobs", bearer(key)))).toBe(200);
    // Without its last key it is this machine's again, and not everybody's.
    expect(
      await statusOf(fetch(`${api.url}/api/keys/${id}`, { method: "DELETE", headers: bearer(key) })),
    ).toBe(204);
    expect(await statusOf(get(api))).toBe(200);
    expect(await statusOf(get(api, "/api/jobs", through))).toBe(401);
  });

  it("makes no first key that could not make or revoke others", async () => {
    const api = await start();
    const body = JSON.stringify({ tenant: "acme", scopes: ["submit", "read"] });
    const headers = { "content-type": "application/json" };
    const refused = await fetch(`${api.url}/api/keys`, { method: "POST", headers, body });
    expect(refused.status).toBe(400);
    expect(await json(refused)).toMatchObject({
      detail: expect.stringMatching(/^The first key needs the scope/),
    });
    expect(await json(get(api, "/api/keys"))).toEqual({ keys: [] });
  });

  it("that others reach lets them submit and read, and its own machine do all, if it is told to", async () => {
    const api = await start({ openness: "insecure" });
    const through = { "x-forwarded-for": "10.0.0.5" };
    expect((await submit(api, formWith(), through)).status).toBe(202);
    expect(await statusOf(get(api, "/api/jobs", through))).toBe(200);
    expect(await json(get(api, "/api/keys", through))).toMatchObject({ status: 403, code: "forbidden" });
    expect(await statusOf(get(api, "/api/keys"))).toBe(200);
  });

  it("that others reach serves its own machine alone otherwise", async () => {
    const api = await start({ openness: "closed" });
    expect(await statusOf(get(api, "/api/jobs", { "x-forwarded-for": "10.0.0.5" }))).toBe(401);
    const { key } = await madeKey(api, ADMIN);
    expect(await statusOf(get(api, "/api/jobs", { "x-forwarded-for": "10.0.0.5", ...bearer(key) }))).toBe(
      200,
    );
  });

  it("serves what is for anyone without a key", async () => {
    const api = await start({ environment: [{ tenant: "a", scopes: ["read"], key: SECRET }] });
    for (const path of ["/livez", "/readyz", "/health", "/openapi.json"])
      expect(await statusOf(get(api, path))).toBe(200);
    expect(await statusOf(get(api, "/api/processors"))).toBe(401);
  });
});

describe("a key", () => {
  it("is shown once, listed without its secret, and kept as a digest", async () => {
    const api = await start();
    const { id, key } = await madeKey(api, { ...ADMIN, name: "laptop", expires_in_s: 60 });
    expect(key).toMatch(new RegExp(`^drv_${id}_[A-Za-z0-9_-]{43}$`));
    const listed = await get(api, "/api/keys", bearer(key));
    const text = await listed.text();
    expect(JSON.parse(text)).toMatchObject({ keys: [{ id, ...ADMIN, name: "laptop" }] });
    expect(text).not.toContain(key.slice(17));
    expect(JSON.stringify(await api.queue.apiKeys.read())).not.toContain(key.slice(17));
    expect(listed.headers.get("cache-control")).toBe("no-store");
  });

  it("is sent as Bearer or as X-API-Key, and not as two different ones", async () => {
    const api = await start();
    const { key } = await madeKey(api, ADMIN);
    expect(await statusOf(get(api, "/api/jobs", { "x-api-key": key }))).toBe(200);
    expect(await statusOf(get(api, "/api/jobs", { "x-api-key": key, ...bearer(key) }))).toBe(200);
    expect(await json(get(api, "/api/jobs", { "x-api-key": `${key}1`, ...bearer(key) }))).toMatchObject({
      code: "invalid_request",
    });
  });

  it.each(["api_key", "key", "access_token", "token"])(
    "in an address as %s is refused, and not repeated",
    async (name) => {
      const api = await start();
      const { key } = await madeKey(api, ADMIN);
      for (const path of ["/api/jobs", "/api/jobs/01990000-0000-7000-8000-000000000000"]) {
        const response = await get(api, `${path}?${name}=${key}`);
        const text = await response.text();
        expect([response.status, JSON.parse(text).code]).toEqual([400, "invalid_request"]);
        expect(text).toContain("X-API-Key");
        expect(text).not.toContain(key);
      }
      expect(JSON.stringify(api.lines)).not.toContain(key);
    },
  );

  it("that is wrong, cut short, of another id or of no form is told to be invalid", async () => {
    const api = await start();
    const { id, key } = await madeKey(api, ADMIN);
    const wrong = [
      `drv_${id}_${"A".repeat(43)}`,
      key.slice(0, -1),
      key.replace(id, "0".repeat(12)),
      "hello",
      "a.b.c",
    ];
    for (const text of wrong) {
      const response = await get(api, "/api/jobs", bearer(text));
      expect([text, response.status]).toEqual([text, 401]);
      expect(response.headers.get("www-authenticate")).toBe('Bearer realm="Drover", error="invalid_token"');
    }
  });

  it("may do what its scopes say", async () => {
    const api = await start();
    const admin = await madeKey(api, ADMIN);
    const { key } = await madeKey(api, { tenant: "acme", scopes: ["read"] }, bearer(admin.key));
    expect(await statusOf(get(api, "/api/jobs", bearer(key)))).toBe(200);
    expect((await submit(api, formWith(), bearer(key))).status).toBe(403);
    expect(await statusOf(get(api, "/api/keys", bearer(key)))).toBe(403);
  });

  it("opens nothing after its time", async () => {
    let at = Date.now();
    const api = await start({ now: () => at });
    const { key } = await madeKey(api, { ...ADMIN, expires_in_s: 60 });
    expect(await statusOf(get(api, "/api/jobs", bearer(key)))).toBe(200);
    at += 60_000;
    expect(await json(get(api, "/api/jobs", bearer(key)))).toMatchObject({
      code: "unauthorized",
      detail: expect.stringContaining("expired"),
    });
  });

  it("of the environment works without Redis, and is named by its digest in the log", async () => {
    const queue = await testQueue();
    const away = async () => {
      throw new DomainError("redis_unavailable", "Redis is away.");
    };
    const api = await start({
      queue: withMethods(queue, { apiKeys: { ...queue.apiKeys, read: away } }),
      environment: [{ tenant: "acme", scopes: ["read"], key: SECRET }],
    });
    expect(await statusOf(get(api, "/api/processors", bearer(SECRET)))).toBe(200);
    expect(await statusOf(get(api, "/api/processors"))).toBe(401);
    expect(
      await json(get(api, "/api/processors", bearer(`drv_${"0".repeat(12)}_${"A".repeat(43)}`))),
    ).toMatchObject({
      code: "redis_unavailable",
    });
    const line = await waitFor(() => api.lines.find(({ fields }) => "key_id" in fields));
    expect(line.fields).toMatchObject({ tenant: "acme", key_id: expect.stringMatching(/^env:[0-9a-f]{6}$/) });
    expect(JSON.stringify(api.lines)).not.toContain(SECRET);
  });

  it("that is refused keeps a body from being read", async () => {
    const api = await start({ environment: [{ tenant: "acme", scopes: ["read"], key: SECRET }] });
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const upload = httpRequest(`${api.url}/api/processors/csv-count/jobs`, {
        method: "POST",
        headers: {
          expect: "100-continue",
          "content-length": 1 << 20,
          "content-type": "multipart/form-data; boundary=x",
        },
      });
      upload.on("continue", () => reject(new Error("The body was asked for.")));
      upload.on("response", (response) => {
        resolve(response.statusCode);
        upload.destroy();
      });
      upload.on("error", reject);
      upload.flushHeaders();
    });
    expect(answer).toBe(401);
    expect(await api.keys()).toEqual([]);
  });
});

describe("on two apis", () => {
  async function pair(everyMs: number) {
    const redis = await testRedis();
    onTestFinished(() => redis.stop());
    const prefix = redis.prefix();
    return Promise.all([0, 1].map(async () => start({ queue: await testQueue(prefix), everyMs })));
  }

  it("a new key works at once, before the other has read the keys again by itself", async () => {
    const [one, other] = (await pair(60_000)) as [TestApi, TestApi];
    const { key } = await madeKey(one, ADMIN);
    expect(await statusOf(get(other, "/api/jobs", bearer(key)))).toBe(200);
  });

  it("a revoked key is refused by the one that revoked it at once, by the other with its next reading", async () => {
    const [one, other] = (await pair(50)) as [TestApi, TestApi];
    const { id, key } = await madeKey(one, ADMIN);
    expect(await statusOf(get(other, "/api/jobs", bearer(key)))).toBe(200);
    await fetch(`${one.url}/api/keys/${id}`, { method: "DELETE", headers: bearer(key) });
    expect(await statusOf(get(one, "/api/jobs", bearer(key)))).toBe(401);
    await waitFor(async () => (await statusOf(get(other, "/api/jobs", bearer(key)))) === 401);
    const again = await fetch(`${one.url}/api/keys/${id}`, { method: "DELETE" });
    expect(await json(again)).toMatchObject({ status: 404, code: "key_not_found" });
  });
});
