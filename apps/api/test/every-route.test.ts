import { type Route, type RouteName, routes } from "@drover/contract";
import { DEFAULT_TENANT, type JobId, SCOPES, type Scope } from "@drover/core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bearer, madeKey, startKeyedApi } from "./keyed-api.js";
import { CSV, type TestApi } from "./test-api.js";

/** What no answer may show: places on this machine, code, secrets. */
const LEAKS = /node_modules|\/src\/|\.ts:\d|\bat \w+ \(|redis:\/\/|ECONNREFUSED|drv_[A-Za-z0-9_-]{20}|whsec_/;

const UNKNOWN = "01990000-0000-7000-8000-000000000000";
const all = Object.entries(routes) as readonly (readonly [RouteName, Route])[];
const guarded = all.filter(([, { access }]) => access !== "anyone");
/** Streams go on until the client leaves; they are asked like the others, and left after the first bytes. */
const STAYS: ReadonlySet<string> = new Set(["streamJobs"]);

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

beforeAll(async () => {
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
  const { webhook_id = "" } = (await webhook.json()) as { webhook_id?: string };
  acme = {
    ...{ job_id, webhook_id, processor: CSV.name, name: "out.csv", delivery_id: "d1" },
    ...{ tenant: "acme", key_id: revoked.id },
  };
});
afterAll(() => api.close());

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
async function ask([name, route]: readonly [RouteName, Route], sent: Sent = {}): Promise<Answered> {
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
  const text = isStream || STAYS.has(name) ? "" : await response.text();
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

describe.each(guarded)("%s", (name, route) => {
  const entry = [name, route] as const;

  it("asks for a key, and refuses one that was revoked", async () => {
    const before = await kept();
    for (const key of [undefined, keys.revoked, "drv_nobody_nothing", "x".repeat(5_000)]) {
      const answer = await ask(entry, { key });
      assertSound(answer, `${name} with ${key?.slice(0, 20)}`);
      expect(answer.status, name).toBe(401);
      expect(answer.headers.get("www-authenticate"), name).toMatch(/^Bearer/);
    }
    expect(await kept()).toEqual(before);
  });

  it("asks for its scope", async () => {
    if (route.access === "any_key" || route.access === "read") return;
    const before = await kept();
    const answer = await ask(entry, { key: keys.reader });
    assertSound(answer, name);
    expect(answer.status, name).toBe(403);
    expect(await kept()).toEqual(before);
  });

  it("answers another tenant as it does for what is not there", async () => {
    if (!/\{(job_id|webhook_id)\}/.test(route.path)) return;
    const before = await kept();
    const foreign = await ask(entry, { key: keys.other });
    const members = { ...acme, job_id: UNKNOWN, webhook_id: "no-such-endpoint" };
    const unknown = await ask(entry, { key: keys.other, path: pathOf(route, members) });
    expect(foreign.status, name).toBe(unknown.status);
    expect(foreign.status, name).toBe(404);
    expect(faceless(foreign.text, acme)).toEqual(faceless(unknown.text, members));
    expect(await kept()).toEqual(before);
  });

  it("refuses a body that is too large, or of another kind", async () => {
    if (route.body === undefined) return;
    const before = await kept();
    const isJson = route.body.mediaType === "application/json";
    const large = isJson ? JSON.stringify({ a: "x".repeat(20_000) }) : form("x".repeat(80 * 1024));
    const wrong = ["[]", '"text"', "7", "null", '{"__proto__":{"a":1}}', '{"a":'.repeat(2_000), "{", "\0"];
    const bodies = [large, ...wrong, "plain"];
    for (const [i, body] of bodies.entries()) {
      const type = body === "plain" ? "text/plain" : "application/json";
      const answer = await ask(entry, { key: keys.ops, body, type });
      assertSound(answer, `${name}, body ${i}`);
      expect(answer.status, `${name}, body ${i}: ${answer.text}`).toBeGreaterThanOrEqual(400);
    }
    expect(await kept()).toEqual(before);
  });
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

describe("200 random requests to any of the routes", () => {
  it("are answered without an error of the server, leak nothing and leave nothing behind", async () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("../..", "%00", UNKNOWN, "null"),
    );
    const visible = fc.string({ unit: fc.constantFrom(..."aZ09-_./%~:;,= \"'{}[]") });
    const request = fc.record({
      entry: fc.constantFrom(...all),
      member: text.filter((value) => value !== "" && value !== "." && value !== ".."),
      query: fc.array(fc.tuple(visible, visible), { maxLength: 4 }),
      body: fc.option(fc.oneof(fc.json(), text), { nil: undefined }),
      header: fc.constantFrom(
        "if-none-match",
        "range",
        "idempotency-key",
        "prefer",
        "last-event-id",
        "traceparent",
      ),
      value: visible,
      key: fc.constantFrom(keys.ops, keys.acme, keys.other, keys.reader, keys.revoked),
    });
    const before = (await kept()) as { readonly keys: readonly string[] };
    await fc.assert(
      fc.asyncProperty(request, async ({ entry, member, query, body, header, value, key }) => {
        const [name, route] = entry;
        if (name === "deleteJob" || name === "setLimits" || name === "clearLimits") return;
        const members = Object.fromEntries(
          Object.keys(acme).map((part) => [part, Buffer.from(member).toString()]),
        );
        const path = `${pathOf(route, members)}?${new URLSearchParams(query)}`;
        const sent = {
          key,
          path,
          headers: { [header]: value.trim() },
          ...(body === undefined ? {} : { body }),
        };
        assertSound(await ask(entry, sent), `${name} ${path}`);
      }),
      { numRuns: 200, seed: 20_261_127 },
    );
    const after = (await kept()) as { readonly keys: readonly string[] };
    expect(after.keys).toEqual(before.keys);
  }, 60_000);
});

it("leaves nothing to the default tenant that nobody there submitted", async () => {
  const { jobs } = await api.queue.jobs.list({ limit: 200 });
  expect(jobs.filter(({ tenant }) => tenant === DEFAULT_TENANT)).toEqual([]);
});
