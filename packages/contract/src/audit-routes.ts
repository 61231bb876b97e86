import { z } from "zod";
import { Time, wholeNumber } from "./fields.js";
import type { Route } from "./route-parts.js";

/** What an operator did. */
export const AuditEntry = z
  .object({
    at: Time,
    key_id: z
      .string()
      .nullable()
      .describe("Who; null for somebody on this machine, by a command or where there are no keys."),
    tenant: z.string().describe("The key's tenant."),
    address: z.string().describe("Where the request came from; `user@host` of a command."),
    action: z
      .string()
      .describe(
        "The operation's id in this document, or `signIn`, `signOut`, `changeBoard`, or of a command `reconcile`, " +
          "`reconcileAdopt`, `importJobs`.",
      ),
    target: z.string().describe("The path of the request, or of what it made; the folder of an import."),
    request_id: z.string().describe("Empty for a command."),
  })
  .meta({ id: "AuditEntry" });
export type AuditEntry = z.output<typeof AuditEntry>;

/** A page of the audit log. */
export const AuditList = z
  .object({ actions: z.array(AuditEntry), next_cursor: z.string().nullable() })
  .meta({ id: "AuditList" });
export type AuditList = z.output<typeof AuditList>;

export const DEFAULT_AUDIT_PAGE = 50;

/** What operators did. */
export const auditRoutes = {
  listAudit: {
    method: "GET",
    path: "/api/audit",
    group: "Access",
    access: "admin",
    summary: "Read who changed what, newest first.",
    description:
      "Every request by an admin's key that changed something, but for submits: keys, limits, processors, jobs " +
      "and webhooks of any tenant, signing in and out, what was done on the operators' board, and `drover import` and " +
      "`drover reconcile`. The newest " +
      "10,000 or so are kept.",
    query: z.strictObject({
      limit: wholeNumber(1, 200, DEFAULT_AUDIT_PAGE).optional(),
      cursor: z.string().max(40).optional().describe("`next_cursor` of the page before."),
    }),
    answers: { 200: { description: "The actions.", schema: AuditList } },
    errors: ["invalid_request", "redis_unavailable"],
  },
} as const satisfies Record<string, Route>;
