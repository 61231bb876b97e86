import type { AuditList } from "@drover/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callersByHeader } from "./header-callers.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;

beforeEach(async () => {
  api = await startApi({ deps: { callers: callersByHeader } });
});
afterEach(() => api.close());

const send = (method: string, path: string, caller?: string, body?: unknown) =>
  fetch(`${api.url}${path}`, {
    method,
    headers: {
      ...(caller === undefined ? {} : { "X-Test-Caller": caller }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      "X-Request-Id": "r1",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function actions(query = ""): Promise<AuditList> {
  return (await (await send("GET", `/api/audit${query}`, "ops admin")).json()) as AuditList;
}

describe("the audit log", () => {
  it("says who did what to what, from where and when", async () => {
    await send("PUT", "/api/tenants/acme/limits", "ops admin", { queued_jobs: 3 });
    const { actions: told } = await actions();
    expect(told).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        key_id: "key-of-ops",
        tenant: "ops",
        address: expect.stringContaining("127.0.0.1"),
        action: "setLimits",
        target: "/api/tenants/acme/limits",
        request_id: "r1",
      },
    ]);
    expect(api.lines.filter(({ message }) => message === "Audit: setLimits")).toHaveLength(1);
  });

  it("says which key was made", async () => {
    const made = await send("POST", "/api/keys", "ops admin", { tenant: "acme", scopes: ["read"] });
    const { id } = (await made.json()) as { id: string };
    expect((await actions()).actions).toMatchObject([{ action: "createKey", target: `/api/keys/${id}` }]);
  });

  it("has what an admin changes of webhooks and jobs, and nothing that was refused or only read", async () => {
    const url = "https://hooks.example.org/";
    expect((await send("POST", "/api/webhooks", "ops admin submit", { url })).status).toBe(201);
    await send("GET", "/api/webhooks", "ops admin");
    expect((await send("PUT", "/api/tenants/acme/limits", "ops admin", { queued_jobs: -1 })).status).toBe(
      400,
    );
    expect((await send("DELETE", "/api/jobs/no-id", "ops admin")).status).toBe(400);
    expect((await actions()).actions.map(({ action }) => action)).toEqual(["createWebhook"]);
  });

  it("leaves out what users do with their own keys, and everybody where there are no keys", async () => {
    const url = "https://hooks.example.org/";
    expect((await send("POST", "/api/webhooks", "acme submit", { url })).status).toBe(201);
    expect((await send("POST", "/api/webhooks", undefined, { url })).status).toBe(201);
    await send("DELETE", "/api/tenants/acme/limits");
    expect((await actions()).actions).toMatchObject([{ action: "clearLimits", key_id: null }]);
  });

  it("comes in pages, newest first", async () => {
    for (const tenant of ["a", "b", "c"]) await send("DELETE", `/api/tenants/${tenant}/limits`, "ops admin");
    const first = await actions("?limit=2");
    expect(first.actions.map(({ target }) => target)).toEqual([
      "/api/tenants/c/limits",
      "/api/tenants/b/limits",
    ]);
    const second = await actions(`?limit=2&cursor=${first.next_cursor}`);
    expect(second.actions.map(({ target }) => target)).toEqual(["/api/tenants/a/limits"]);
    expect(second.next_cursor).toBeNull();
    expect((await send("GET", "/api/audit?cursor=x", "ops admin")).status).toBe(400);
  });

  it("is for admins", async () => {
    expect((await send("GET", "/api/audit", "acme read submit")).status).toBe(403);
  });
});
