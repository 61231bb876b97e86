import { type Caller, type JobId, parseJobId } from "@drover/core";
import { expect } from "vitest";
import type { Callers } from "../src/access/callers.js";
import { formWith, type WireJson } from "./job-steps.js";
import type { TestApi } from "./test-api.js";

/** Who sends a request stands in a header: a tenant's name, or `admin` for an admin of the tenant `ops`. */
export const CALLERS: Callers = {
  callerOf({ headers }): Caller {
    const name = String(headers["x-test-caller"]);
    if (name === "admin") return { tenant: "ops", scopes: new Set(["admin"]), keyId: "k-admin" };
    return { tenant: name, scopes: new Set(["submit", "read"]), keyId: `k-${name}` };
  },
};

/** A request of a tenant. */
export function as(tenant: string, url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, headers: { ...init.headers, "x-test-caller": tenant } });
}

/** The same, answered with JSON. */
export async function jsonAs(tenant: string, url: string, init: RequestInit = {}): Promise<WireJson> {
  return (await (await as(tenant, url, init)).json()) as WireJson;
}

/** Submits a file as a tenant and returns the job's id. */
export async function startedAs(
  tenant: string,
  api: TestApi,
  { key, path = "/api/processors/csv-count/jobs" }: { readonly key?: string; readonly path?: string } = {},
): Promise<JobId> {
  const headers = key === undefined ? {} : { "idempotency-key": key };
  const response = await as(tenant, `${api.url}${path}`, { method: "POST", body: formWith(), headers });
  expect(response.status).toBe(202);
  return parseJobId(((await response.json()) as WireJson).job_id);
}
