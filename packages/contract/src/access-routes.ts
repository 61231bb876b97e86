import { SCOPES, TENANT_NAME } from "@drover/core";
import { z } from "zod";
import { Time } from "./fields.js";
import { JOB_PARAMS, READ, type Route } from "./route-parts.js";

/** What a key may do. */
export const Scope = z.enum(SCOPES);
export type Scope = z.output<typeof Scope>;

const YEAR_S = 366 * 86_400;
/** Longest life of a job's token, in s. */
const MAX_TOKEN_S = 3_600;

/** A key, without its secret. */
export const ApiKey = z
  .object({
    id: z.string().meta({ examples: ["0f3a9c51d2e8"] }),
    tenant: z.string(),
    scopes: z.array(Scope),
    name: z.string(),
    created_at: Time,
    expires_at: Time.nullable().describe("Null: until it is revoked."),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.output<typeof ApiKey>;

export const ApiKeyList = z.object({ keys: z.array(ApiKey) }).meta({ id: "ApiKeyList" });
export type ApiKeyList = z.output<typeof ApiKeyList>;

/** A key that was just made. */
export const ApiKeyWithSecret = ApiKey.extend({
  key: z.string().describe("What a client sends. Shown this once; only its SHA-256 is kept."),
}).meta({ id: "ApiKeyWithSecret" });
export type ApiKeyWithSecret = z.output<typeof ApiKeyWithSecret>;

/** Body that makes a key. */
export const CreateApiKey = z.strictObject({
  tenant: z
    .string()
    .regex(TENANT_NAME, "is not 1 to 63 lower-case letters, digits and inner hyphens")
    .describe("Whose jobs the key submits and reads.")
    .meta({ examples: ["acme"] }),
  scopes: z.array(Scope).min(1).max(SCOPES.length),
  name: z.string().max(100).optional().describe("For people."),
  expires_in_s: z
    .int()
    .min(1)
    .max(10 * YEAR_S)
    .optional()
    .describe("Default: it holds until it is revoked."),
});
export type CreateApiKey = z.output<typeof CreateApiKey>;

/** A token of one job. */
export const JobToken = z
  .object({
    token: z.string().describe("For `?token=` or `Authorization: Bearer`."),
    job_id: z.string(),
    expires_at: Time,
  })
  .meta({ id: "JobToken" });
export type JobToken = z.output<typeof JobToken>;

/** Body that asks for a token. */
export const CreateJobToken = z.strictObject({
  expires_in_s: z.int().min(1).max(MAX_TOKEN_S).optional().describe("Default 300."),
});
export type CreateJobToken = z.output<typeof CreateJobToken>;

/** Who sends the request, as the server knows it. */
export const CallerAnswer = z
  .object({
    tenant: z.string().describe("Whose jobs are submitted and read."),
    scopes: z.array(Scope).describe("`admin` may do what the others may."),
    key_id: z.string().nullable().describe("Of the key or the session; null where none is needed."),
  })
  .meta({ id: "Caller" });
export type CallerAnswer = z.output<typeof CallerAnswer>;

const ONCE = { "Cache-Control": "`no-store`." };

/** Keys, and tokens of single jobs. */
export const accessRoutes = {
  getCaller: {
    method: "GET",
    path: "/api/caller",
    group: "Access",
    access: "any_key",
    summary: "Read who the caller is, and what it may do.",
    description:
      "For pages and tools that show what somebody may do. Where there are no keys, that is anybody.",
    answers: { 200: { description: "The caller.", schema: CallerAnswer, headers: ONCE } },
    errors: ["redis_unavailable"],
  },
  listKeys: {
    method: "GET",
    path: "/api/keys",
    group: "Keys",
    access: "admin",
    summary: "List the API keys, oldest first.",
    description: "Expired ones too. Those that the environment gives are not among them.",
    answers: { 200: { description: "The keys, without their secrets.", schema: ApiKeyList } },
    errors: ["redis_unavailable"],
  },
  createKey: {
    method: "POST",
    path: "/api/keys",
    group: "Keys",
    access: "admin",
    summary: "Make an API key.",
    description:
      "Every api knows it at once. The answer shows the key, this once. With the first key a server that asked for " +
      "none begins to, so that one needs the scope `admin`.",
    body: { mediaType: "application/json", schema: CreateApiKey, isRequired: true },
    answers: {
      201: {
        description: "The key.",
        schema: ApiKeyWithSecret,
        headers: { ...ONCE, Location: "Where it is revoked." },
      },
    },
    errors: ["invalid_request", "redis_unavailable", "storage_not_shared", "storage_unavailable"],
  },
  revokeKey: {
    method: "DELETE",
    path: "/api/keys/{key_id}",
    group: "Keys",
    access: "admin",
    summary: "Revoke an API key.",
    description: "Every api refuses it within 5 s, and the tokens that it was used to get.",
    params: z.object({ key_id: z.string() }),
    answers: { 204: { description: "There is no such key any more." } },
    errors: ["key_not_found", "redis_unavailable"],
  },
  createJobToken: {
    method: "POST",
    path: "/api/jobs/{job_id}/tokens",
    group: "Keys",
    access: "read",
    summary: "Get a token that opens one job for some minutes, for a browser.",
    description:
      "For `EventSource` and links, which can send no key: `?token=` on any GET of this job opens it, its events, " +
      "logs, result and files, and nothing else. It ends with its time, or when the key is revoked.",
    params: JOB_PARAMS,
    body: { mediaType: "application/json", schema: CreateJobToken, isRequired: false },
    answers: { 201: { description: "The token.", schema: JobToken, headers: ONCE } },
    errors: [...READ, "invalid_request"],
  },
} as const satisfies Record<string, Route>;
