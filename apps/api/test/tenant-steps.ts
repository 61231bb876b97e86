import { type JobId, parseJobId } from "@drover/core";
import { expect } from "vitest";
import { formWith, type WireJson } from "./job-steps.js";
import type { TestApi } from "./test-api.js";

/** A request of a tenant's user, or of `admin`, an admin of the tenant `ops`. */
export function as(tenant: string, url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    ...init,
    headers: { ...init.headers, "x-test-caller": tenant === "admin" ? "ops admin" : tenant },
  });
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
