import { type Route, type RouteName, routes } from "@drover/contract";
import { type JobId, SCOPES, type Scope } from "@drover/core";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bearer, madeKey, startKeyedApi } from "./keyed-api.js";
import { CSV, type TestApi } from "./test-api.js";

/** What no answer may show: places on this machine, code, secrets. */
const LEAKS = /node_modules|\/src\/|\.ts:\d|\bat \w+ \(|redis:\/\/|ECONNREFUSED|drv_[A-Za-z0-9_-]{20}|whsec_/;

/** Each test asks all routes, one after the other. */
const LONG = { timeout: 120_000 };
const UNKNOWN = "01990000-0000-7000-8000-000000000000";
const all = Object.entries(routes) as readonly (readonly [RouteName, Route])[];
const guarded = all.filter(([, { access }]) => access !== "anyone");

let api: TestApi;
/** Members of paths that name something of tenant `acme`. */
let acme: Readonly<Record<string, string>>;
const keys: Record<"ops" | "acme" | "other" | "reader" | "revoked", string> = {
  ops: "o".repeat(48),
  acme: "",
  other: "",
  reader: "",
  revoked: "",
};

beforeEach(async () => {
  api = await startKeyedApi({
    environment: [{ tenant: "ops", scopes: SCOPES, key: keys.ops }],
    limits: { maxUploadBytes: 64 * 1024 },
  });
  const as = bearer(keys.ops);
  const make = async (tenant: string, scopes: readonly Scope[]) => madeKey(api, { tenant, scopes }, as);
  keys.acme = (await make("acme", ["submit", "read"])).key;
  keys.other = (await make("other", ["submit", "read"])).key;
  keys.reader = (await make("acme", ["read"])).key;
  const revoked = await make("acme", ["submit", "read"]);
  keys.revoked = revoked.key;
  await fetch(`${api.url}/api/keys/${revoked.id}`, { method: "DELETE", headers: as });
  const submitted = await fetch(`${api.url}/api/processors/${CSV.name}/jobs`, {
    method: "POST",
    headers: bearer(keys.acme),
    body: form("a,b\n1,2\n"),
  });
  const { job_id } = (await submitted.json()) as { job_id: JobId };
  const webhook = await fetch(`${api.url}/api/webhooks`, {
    method: "POST",
    headers: { ...bearer(keys.acme), "content-type": "application/json" },
    body: JSON.stringify({ url: "https://hooks.example.org/" }),
  });
  const { id: webhook_id } = (await webhook.json()) as { id: string };
  acme = {
    ...{ job_id, webhook_id, processor: CSV.name, name: "out.csv", delivery_id: "d1" },
    ...{ tenant: "acme", key_id: revoked.id, worker: "w1" },
  };
});
afterEach(() => api.close());

function form(text: string): FormData {
  const body = new FormData();
  body.append("file", new File([text], "log.csv", { type: "text/csv" }));
  return body;
}

/** The path with its members filled in; a member that nothing is known of fails the test. */
function pathOf({ path }: Route, members: Readonly<Record<string, string>> = acme): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = members[name];
    if (value === undefined) throw new Error(`${path}: say in this test what {${name}} is.`);
    return encodeURIComponent(value);
  });
}

interface Sent {
  readonly key?: string | undefined;
  readonly body?: BodyInit | undefined;
  readonly type?: string | undefined;
  readonly path?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends what the route takes, unless `sent` says something else. */
async function ask([, route]: readonly [RouteName, Route], sent: Sent = {}): Promise<Answered> {
  const { key, path = pathOf(route), body = bodyFor(route), type, headers = {} } = sent;
  const leave = new AbortController();
  const response = await fetch(`${api.url}${path}`, {
    method: route.method,
    redirect: "manual",
    signal: leave.signal,
    headers: {
      ...(key === undefined ? {} : bearer(key)),
      ...(typeof body === "string" ? { "content-type": type ?? "application/json" } : {}),
      ...headers,
    },
    ...(body === undefined || route.method === "GET" ? {} : { body }),
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const text = isStream ? "" : await response.text(); // streams go on until the client leaves
  leave.abort();
  return { status: response.status, headers: response.headers, text };
}

function bodyFor({ body }: Route): BodyInit | undefined {
  if (body === undefined) return undefined;
  return body.mediaType === "application/json" ? "{}" : form("a,b\n1,2\n");
}

/** Nothing unexpected, and nothing that tells of the inside; a refusal is a problem document. */
function assertSound({ status, headers, text }: Answered, what: string): void {
  expect(status, `${what}: ${text}`).toBeLessThan(500);
  expect(text, what).not.toMatch(LEAKS);
  if (status < 400) return;
  expect(headers.get("content-type"), what).toContain("application/problem+json");
  expect(JSON.parse(text), what).toMatchObject({
    status,
    code: expect.any(String),
    request_id: expect.any(String),
  });
}

/** All that is kept of jobs and files: what is refused leaves it as it is. */
async function kept(): Promise<unknown> {
  const { jobs } = await api.queue.jobs.list({ limit: 200 });
  const webhooks = await api.queue.webhooks.endpoints.list();
  const limits = [...(await api.queue.limits.read())];
  const states = jobs.map(({ id, status, params }) => ({ id, status, params }));
  return { keys: await api.keys(), states, webhooks, limits };
}

it("every route that is guarded asks for a key, and refuses one that was revoked", LONG, async () => {
  const before = await kept();
  for (const entry of guarded) {
    for (const key of [undefined, keys.revoked, "drv_nobody_nothing", "x".repeat(5_000)]) {
      const what = `${entry[0]} with ${key?.slice(0, 20)}`;
      const answer = await ask(entry, { key });
      assertSound(answer, what);
      expect.soft(answer.status, what).toBe(401);
      expect.soft(answer.headers.get("www-authenticate"), what).toMatch(/^Bearer/);
    }
  }
  expect(await kept()).toEqual(before);
});

it("every route that changes something asks for a scope", LONG, async () => {
  const before = await kept();
  const entries = guarded.filter(([, { access }]) => access !== "any_key" && access !== "read");
  expect(entries.length).toBeGreaterThan(15);
  for (const entry of entries) {
    const answer = await ask(entry, { key: keys.reader });
    assertSound(answer, entry[0]);
    expect.soft(answer.status, entry[0]).toBe(403);
  }
  expect(await kept()).toEqual(before);
});

it("every route answers another tenant as it does for what is not there", LONG, async () => {
  const before = await kept();
  const entries = guarded.filter(
    ([, { path, access }]) => /\{(job_id|webhook_id)\}/.test(path) && access !== "admin",
  );
  expect(entries.length).toBeGreaterThan(15);
  const members = { ...acme, job_id: UNKNOWN, webhook_id: "no-such-endpoint" };
  for (const entry of entries) {
    const [name, route] = entry;
    const foreign = await ask(entry, { key: keys.other });
    const unknown = await ask(entry, { key: keys.other, path: pathOf(route, members) });
    assertSound(foreign, name);
    expect.soft([foreign.status, unknown.status], name).toEqual([404, 404]);
    expect.soft(faceless(foreign.text, acme), name).toEqual(faceless(unknown.text, members));
  }
  expect(await kept()).toEqual(before);
});

it("every route refuses a body that is too large, or of another kind", LONG, async () => {
  const before = await kept();
  const wrong = ["[]", '"text"', "7", "null", '{"__proto__":{"a":1}}', '{"a":'.repeat(2_000), "{", "\0"];
  for (const entry of guarded) {
    const [name, { body: taken }] = entry;
    if (taken === undefined) continue;
    const isJson = taken.mediaType === "application/json";
    const large = isJson ? JSON.stringify({ a: "x".repeat(20_000) }) : form("x".repeat(80 * 1024));
    for (const [i, body] of [large, ...wrong, "plain"].entries()) {
      const type = body === "plain" ? "text/plain" : "application/json";
      const answer = await ask(entry, { key: keys.ops, body, type });
      assertSound(answer, `${name}, body ${i}`);
      expect.soft(answer.status, `${name}, body ${i}: ${answer.text}`).toBeGreaterThanOrEqual(400);
    }
  }
  expect(await kept()).toEqual(before);
});

/** An answer without what names the request and its object. */
function faceless(text: string, members: Readonly<Record<string, string>>): unknown {
  const { request_id: _, timestamp: __, ...rest } = JSON.parse(text) as Record<string, unknown>;
  const plain = Object.entries(members).reduce(
    (all, [name, value]) => all.replaceAll(value, name),
    JSON.stringify(rest),
  );
  return JSON.parse(plain);
}

it("200 random requests have no error of the server, leak nothing and leave no file", LONG, async () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("../..", "%00", UNKNOWN, "null"),
  );
  const visible = fc.string({ unit: fc.constantFrom(..."aZ09-_./%~:;,= \"'{}[]") });
  const headers = ["if-none-match", "range", "idempotency-key", "prefer", "last-event-id", "traceparent"];
  const request = fc.record({
    entry: fc.constantFrom(...all),
    member: text.filter((value) => value !== "" && value !== "." && value !== ".."),
    query: fc.array(fc.tuple(visible, visible), { maxLength: 4 }),
    body: fc.oneof(fc.json(), text),
    header: fc.constantFrom(...headers),
    value: visible,
    key: fc.constantFrom(keys.ops, keys.acme, keys.other, keys.reader, keys.revoked),
  });
  const before = await api.keys();
  await fc.assert(
    fc.asyncProperty(request, async ({ entry, member, query, body, header, value, key }) => {
      const members = Object.fromEntries(
        Object.keys(acme).map((part) => [part, Buffer.from(member).toString()]),
      );
      const path = `${pathOf(entry[1], members)}?${new URLSearchParams(query)}`;
      const answer = await ask(entry, { key, path, body, headers: { [header]: value.trim() } });
      assertSound(answer, `${entry[0]} ${path}`);
    }),
    { numRuns: 200, seed: 20_261_127, endOnFailure: true },
  );
  expect(await api.keys()).toEqual(before);
  const { jobs } = await api.queue.jobs.list({ limit: 200 });
  expect(jobs.map(({ tenant }) => tenant)).toEqual(["acme"]);
});
