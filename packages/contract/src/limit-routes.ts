import { TENANT_NAME } from "@drover/core";
import * as z from "zod";
import { AskedTenant } from "./fields.js";
import type { Route } from "./route-parts.js";

const limit = (what: string) => z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable().describe(what);

/** What one tenant may use at most; `null` for any number. */
export const TenantLimits = z
  .object({
    requests_per_minute: limit("Requests in a minute, over all api processes."),
    queued_jobs: limit(
      "Jobs that wait in line, of all processors together; scheduled ones once they are due.",
    ),
    running_jobs: limit("Jobs that run at a time, of each processor."),
    stored_bytes: limit("Bytes that inputs and artifacts take."),
  })
  .meta({ id: "TenantLimits" });
export type TenantLimits = z.output<typeof TenantLimits>;

/** Limits that a tenant has of its own. */
export const OwnLimits = z.strictObject(TenantLimits.partial().shape).meta({ id: "OwnLimits" });
export type OwnLimits = z.output<typeof OwnLimits>;

/** Limits of a tenant, and which of them are its own. */
export const LimitsAnswer = z
  .object({
    tenant: z.string(),
    limits: TenantLimits.describe("What holds for the tenant."),
    own: TenantLimits.partial().describe("What was set for this tenant; the rest are the limits of all."),
  })
  .meta({ id: "Limits" });
export type LimitsAnswer = z.output<typeof LimitsAnswer>;

/** What a tenant may use, and what it does. */
export const Usage = z
  .object({
    tenant: z.string(),
    limits: TenantLimits,
    used: z.object({
      queued_jobs: z.int().describe("Jobs that wait in line; scheduled ones once they are due."),
      running_jobs: z.record(z.string(), z.int()).describe("By processor."),
      stored_bytes: z
        .int()
        .nullable()
        .describe("Null where it is not counted: for the tenant `default` without a limit of all."),
    }),
  })
  .meta({ id: "Usage" });
export type Usage = z.output<typeof Usage>;

const TENANT_PARAMS = z.object({ tenant: z.string().regex(TENANT_NAME) });

/** What tenants may use. */
export const limitRoutes = {
  getLimits: {
    method: "GET",
    path: "/api/tenants/{tenant}/limits",
    group: "Access",
    access: "admin",
    summary: "Read what a tenant may use.",
    description: "Any name is a tenant's: one that has no key and no job yet has the limits of all.",
    params: TENANT_PARAMS,
    answers: { 200: { description: "The limits.", schema: LimitsAnswer } },
    errors: ["invalid_request", "redis_unavailable"],
  },
  setLimits: {
    method: "PUT",
    path: "/api/tenants/{tenant}/limits",
    group: "Access",
    access: "admin",
    summary: "Give a tenant limits of its own.",
    description:
      "Replaces those that it had; what the body does not name is as for all, `null` is no limit, and 0 lets nothing " +
      "through. Every api and worker knows " +
      "them within 3 s. A limit that is lower than what is used stops nothing that runs or waits.",
    params: TENANT_PARAMS,
    body: { mediaType: "application/json", schema: OwnLimits, isRequired: true },
    answers: { 200: { description: "The limits.", schema: LimitsAnswer } },
    errors: ["invalid_request", "redis_unavailable"],
  },
  clearLimits: {
    method: "DELETE",
    path: "/api/tenants/{tenant}/limits",
    group: "Access",
    access: "admin",
    summary: "Give a tenant the limits of all again.",
    description: "The same when it had none of its own.",
    params: TENANT_PARAMS,
    answers: { 204: { description: "The tenant has no limits of its own." } },
    errors: ["invalid_request", "redis_unavailable"],
  },
  getUsage: {
    method: "GET",
    path: "/api/usage",
    group: "Access",
    access: "any_key",
    summary: "Read what the caller's tenant uses, and what it may.",
    description: "An admin reads any tenant's.",
    query: z.strictObject({ tenant: AskedTenant.optional() }),
    answers: { 200: { description: "Limits and use.", schema: Usage } },
    errors: ["invalid_request", "redis_unavailable"],
  },
} as const satisfies Record<string, Route>;
