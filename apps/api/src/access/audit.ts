import { type AuditList, DEFAULT_AUDIT_PAGE, type Route } from "@drover/contract";
import { type AuditedAction, type Caller, seesAll } from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";

export const listAudit: Handler<"listAudit"> = async ({ query }, deps) => {
  const { limit = DEFAULT_AUDIT_PAGE, cursor } = query;
  const page = await deps.queue.audit.page({ limit, ...(cursor === undefined ? {} : { cursor }) });
  const actions = page.actions.map(({ at, keyId, requestId, ...rest }) => ({
    ...{ at: new Date(at).toISOString(), key_id: keyId, ...rest, request_id: requestId },
  }));
  return ok({ actions, next_cursor: page.nextCursor } satisfies AuditList);
};

const SUBMITS: ReadonlySet<string> = new Set(["submitJob", "legacyUpload"]);

/** Whether a request is an operator's act: it changes something, and is an admin's. */
export function isAudited(name: string, { method, access }: Route, caller: Caller): boolean {
  if (method === "GET" || SUBMITS.has(name) || !seesAll(caller)) return false;
  return access === "admin" || caller.keyId !== null; // without keys everybody is an admin
}

/** Notes what was done, in Redis and in the log. Redis may be away by now: the log has it then. */
export async function noteAction(action: AuditedAction, deps: Pick<Deps, "queue" | "log">): Promise<void> {
  const { keyId, requestId, tenant, address, target } = action;
  const fields = { request_id: requestId, key_id: keyId, tenant, address, target };
  deps.log.info(`Audit: ${action.action}`, fields);
  await deps.queue.audit
    .append(action)
    .catch((error: unknown) => deps.log.warn("The audit log could not be written.", { ...fields, error }));
}
