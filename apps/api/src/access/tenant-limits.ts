import type { LimitsAnswer, OwnLimits as SentLimits, TenantLimits as ShownLimits } from "@drover/contract";
import { DomainError, type OwnLimits, TENANT_NAME, type TenantLimits } from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";

export const getLimits: Handler<"getLimits"> = async ({ params }, deps) => {
  const tenant = tenantOf(params);
  return ok(viewLimits(tenant, await deps.tenantLimits.own(tenant), deps));
};

export const setLimits: Handler<"setLimits"> = async ({ params, body }, deps) => {
  const tenant = tenantOf(params);
  const own = readLimits(body);
  await deps.tenantLimits.set(tenant, own);
  return ok(viewLimits(tenant, own, deps));
};

export const clearLimits: Handler<"clearLimits"> = async ({ params }, deps) => {
  await deps.tenantLimits.remove(tenantOf(params));
  return { kind: "empty", status: 204 };
};

/** @throws `invalid_request` for what cannot be a tenant's name. */
function tenantOf({ tenant }: { readonly tenant: string }): string {
  if (TENANT_NAME.test(tenant)) return tenant;
  throw new DomainError(
    "invalid_request",
    "A tenant's name is 1 to 63 lower-case letters, digits and inner hyphens.",
    { errors: [{ path: "tenant", message: "is no tenant's name" }] },
  );
}

function viewLimits(tenant: string, own: OwnLimits, deps: Deps): LimitsAnswer {
  return {
    tenant,
    limits: { ...shownLimits(deps.tenantLimits.ofAll), ...shownLimits(own) },
    own: shownLimits(own),
  };
}

const NAMES = {
  requests_per_minute: "requestsPerMinute",
  queued_jobs: "queuedJobs",
  running_jobs: "runningJobs",
  stored_bytes: "storedBytes",
} as const satisfies Record<keyof ShownLimits, keyof TenantLimits>;

/** Limits as clients read them; members that are absent stay so. */
export function shownLimits<L extends OwnLimits>(
  limits: L,
): L extends TenantLimits ? ShownLimits : Partial<ShownLimits> {
  const shown = Object.entries(NAMES).map(([name, member]) => [name, limits[member]]);
  return Object.fromEntries(shown.filter(([, value]) => value !== undefined)) as never; // by the table above
}

function readLimits(sent: SentLimits): OwnLimits {
  const read = Object.entries(NAMES).map(([name, member]) => [member, sent[name as keyof ShownLimits]]);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined));
}
