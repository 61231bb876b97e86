import { waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { audited, sendKey, signedInWith } from "./browser-steps.js";
import { json, submitted } from "./job-steps.js";
import { bearer, type KeyedApiOptions, madeKey, startKeyedApi } from "./keyed-api.js";
import type { TestApi } from "./test-api.js";

const OPS = "ops-key-of-24-characters";
const ACME = "acme-key-of-24-characters";
const environment: KeyedApiOptions["environment"] = [
  { tenant: "ops", scopes: ["admin"], key: OPS },
  { tenant: "acme", scopes: ["submit", "read"], key: ACME },
];
const BROWSER = { "sec-fetch-site": "same-origin", accept: "text/html" };

let api: TestApi;
const start = async (options: KeyedApiOptions = {}) => {
  api = await startKeyedApi({ environment, ...options });
};
afterEach(() => api.close());
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${api.url}${path}`, { headers, redirect: "manual" });
const post = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${api.url}${path}`, { method: "POST", headers, redirect: "manual" });

describe("the sign-in page", () => {
  it("is a labelled form that needs no script and that nothing keeps", async () => {
    await start();
    const response = await get("/sign-in?next=/admin/queues%22%3E%3Cb%3E");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
    const page = await response.text();
    expect(page).toMatch(
      /<label for="key">.*\n<input id="key" name="key" type="password" required autofocus/,
    );
    expect(page).not.toMatch(/<script|style=|<style|role="alert"|<b>/);
    const [, style = ""] = /rel="stylesheet" href="(.+?)"/.exec(page) ?? [];
    const css = await get(style);
    expect([css.status, css.headers.get("content-type")]).toEqual([200, "text/css; charset=utf-8"]);
  });

  it("leads on with a session that scripts and other sites do not get", async () => {
    await start({ proxies: 1 });
    const response = await sendKey(api, { key: ` ${OPS}\n`, next: "/admin/queues?x=1" }, BROWSER);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/admin/queues?x=1"]);
    const [cookie = ""] = response.headers.getSetCookie();
    expect(cookie).toMatch(
      /^drover_session=[A-Za-z0-9_-]{43}; Max-Age=43200; Path=\/; .*HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(OPS);
    const overTls = await sendKey(api, { key: OPS }, { "x-forwarded-proto": "https" });
    expect(overTls.headers.getSetCookie()[0]).toContain("; Secure;");
    expect(await audited(api, "signIn", bearer(OPS))).toMatchObject([
      { key_id: expect.stringMatching(/^env:/), tenant: "ops", target: "/sign-in" },
      {},
    ]);
  });

  it.each([
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["/a\\b", "/"],
    ["/\t/evil.example", "/"],
    ["https://evil.example/", "/"],
    ["javascript:alert(1)", "/"],
    ["", "/"],
    ["/docs/#x", "/docs/#x"],
  ])("leads to pages of this server only (%j)", async (next, location) => {
    await start();
    expect((await sendKey(api, { key: OPS, next })).headers.get("location")).toBe(location);
    expect(await (await get(`/sign-in?next=${encodeURIComponent(next)}`)).text()).toContain(
      `name="next" type="hidden" value="${location}"`,
    );
  });

  it("says in a sentence why it refuses a key, and keeps where to go", async () => {
    await start();
    const ofJob = await submitted(api, undefined, bearer(ACME));
    const issued = await json(await post(`/api/jobs/${ofJob.job_id}/tokens`, bearer(ACME)));
    for (const key of ["wrong", "", String(issued["token"])]) {
      const response = await sendKey(api, { key, next: "/docs/" });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("Bearer");
      expect(response.headers.getSetCookie()).toEqual([]);
      const page = await response.text();
      expect(page).toMatch(/<p role="alert" id="refusal">.{20,}<\/p>/);
      expect(page).toMatch(/aria-describedby="refusal"[\s\S]*value="\/docs\/"/);
    }
    expect(api.lines.filter(({ message }) => message === "A sign-in was refused.")).toHaveLength(3);
    expect(await audited(api, "signIn", bearer(OPS))).toEqual([]);
  });

  it("takes ten tries a minute from one address, and no large form", async () => {
    await start();
    for (let tries = 0; tries < 10; tries++) expect((await sendKey(api, { key: "wrong" })).status).toBe(401);
    const refused = await sendKey(api, { key: OPS });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.text()).toContain('role="alert"');
    expect((await sendKey(api, { key: "x".repeat(20_000) })).status).toBe(413);
  });

  it("takes no form of another origin, a listed one included", async () => {
    const page = "http://localhost:5173";
    await start({ reach: { boundTo: "127.0.0.1", hosts: [], corsOrigins: [page] } });
    const foreign = [
      { origin: "https://evil.example" },
      { origin: page },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreign) {
      expect((await sendKey(api, { key: OPS }, headers as Record<string, string>)).status).toBe(403);
      expect((await post("/sign-out", headers as Record<string, string>)).status).toBe(403);
    }
  });
});

describe("a session", () => {
  it("does what its key may, for its tenant, on the routes of the api", async () => {
    await start();
    await submitted(api, undefined, bearer(OPS));
    const own = await submitted(api, undefined, bearer(ACME));
    const session = await signedInWith(api, ACME);
    const { jobs } = (await json(await get("/api/jobs", session))) as {
      jobs?: readonly { job_id: string }[];
    };
    expect(jobs?.map(({ job_id }) => job_id)).toEqual([own.job_id]);
    expect((await get(`/api/jobs/${own.job_id}`, session)).status).toBe(200);
    expect((await get("/api/audit", session)).status).toBe(403);
    expect((await get("/api/audit", await signedInWith(api, OPS))).status).toBe(200);
    expect((await get("/api/jobs", { cookie: `drover_session=${"x".repeat(43)}` })).status).toBe(401);
    // A key that is sent goes before the session.
    expect((await get("/api/audit", { ...session, ...bearer(OPS) })).status).toBe(200);
    expect((await get("/api/jobs", { ...session, ...bearer("wrong") })).status).toBe(401);
  });

  it("counts for nothing that a page of another origin changes", async () => {
    const page = "http://localhost:5173";
    await start({ reach: { boundTo: "127.0.0.1", hosts: [], corsOrigins: [page] } });
    const { job_id } = await submitted(api, undefined, bearer(ACME));
    const session = await signedInWith(api, ACME);
    const cancel = (headers: Record<string, string>) =>
      post(`/api/jobs/${job_id}/cancel`, { ...session, ...headers });
    expect((await cancel({ origin: "https://evil.example" })).status).toBe(403);
    expect((await cancel({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await cancel({ origin: page, "sec-fetch-site": "same-site" })).status).toBe(401);
    expect((await cancel({ "sec-fetch-site": "same-origin" })).status).toBe(200);
  });

  it("ends with its key", async () => {
    await start();
    const { id, key } = await madeKey(api, { tenant: "acme", scopes: ["read"] }, bearer(OPS));
    const session = await signedInWith(api, key);
    expect((await get("/api/jobs", session)).status).toBe(200);
    const revoked = await fetch(`${api.url}/api/keys/${id}`, { method: "DELETE", headers: bearer(OPS) });
    expect(revoked.status).toBe(204);
    await waitFor(async () => (await get("/api/jobs", session)).status === 401);
  });

  it("ends when its key expires", async () => {
    let now = Date.now();
    await start({ now: () => now });
    const expires_in_s = 3_600;
    const { key } = await madeKey(api, { tenant: "acme", scopes: ["read"], expires_in_s }, bearer(OPS));
    const session = await signedInWith(api, key);
    expect((await get("/api/jobs", session)).status).toBe(200);
    now += 3_600_001;
    expect((await get("/api/jobs", session)).status).toBe(401);
  });

  it("is ended by signing out, in other processes within 2 s", async () => {
    await start();
    const session = await signedInWith(api, ACME);
    const page = await (await get("/sign-in", session)).text();
    expect(page).toMatch(/of tenant acme[\s\S]*action="\/sign-out"/);
    const other = await startKeyedApi({ environment, queue: api.queue });
    const atOther = () => fetch(`${other.url}/api/jobs`, { headers: session });
    expect((await atOther()).status).toBe(200);
    const out = await post("/sign-out", session);
    expect([out.status, out.headers.get("location")]).toEqual([303, "/sign-in"]);
    expect(out.headers.getSetCookie()[0]).toMatch(/^drover_session=; .*Expires=Thu, 01 Jan 1970/);
    expect((await get("/api/jobs", session)).status).toBe(401);
    await waitFor(async () => (await atOther()).status === 401);
    await other.server.drain(20);
    expect(await audited(api, "signOut", bearer(OPS))).toMatchObject([{ tenant: "acme" }]);
    expect((await post("/sign-out")).status).toBe(303);
  });

  it("costs a page that polls one look at Redis in 2 s", async () => {
    await start();
    const find = vi.spyOn(api.queue.sessions, "find");
    const session = await signedInWith(api, ACME);
    for (let polls = 0; polls < 5; polls++) expect((await get("/api/jobs", session)).status).toBe(200);
    expect(find.mock.calls.length).toBeLessThanOrEqual(2);
    expect(find).toHaveBeenCalled();
  });
});
