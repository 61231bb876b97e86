import type { Usage } from "@drover/contract";
import { DomainError, type TenantLimits } from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";
import { shownLimits } from "./tenant-limits.js";

export const getUsage: Handler<"getUsage"> = async ({ query }, deps) => {
  const { tenant = deps.tenant } = query;
  if (tenant !== deps.tenant && !deps.seesAll)
    throw new DomainError("forbidden", "Another tenant's use is told to an admin alone.");
  const used = await usedBy(tenant, deps);
  const limits = shownLimits(deps.tenantLimits.of(tenant));
  return ok({ tenant, limits, used } satisfies Usage, { "Cache-Control": "no-store" });
};

async function usedBy(tenant: string, deps: Pick<Deps, "processors" | "queue">): Promise<Usage["used"]> {
  const names = (await deps.processors.list()).map(({ name }) => name);
  const parts = await Promise.all(names.map((name) => deps.queue.use.of(tenant, name)));
  const bytes = parts.map(({ storedBytes }) => storedBytes);
  return {
    queued_jobs: parts.reduce((sum, { queued }) => sum + queued, 0),
    stored_bytes: bytes.includes(null) ? null : bytes.reduce<number>((sum, each) => sum + (each ?? 0), 0),
    running_jobs: Object.fromEntries(names.map((name, i) => [name, parts[i]?.running ?? 0])),
  };
}

type QuotaDeps = Pick<Deps, "tenant" | "tenantLimits" | "processors" | "queue">;

/**
 * Lets a job through that would wait and take so many bytes. Of jobs that come at the same moment each is
 * counted when it is there, so that a tenant may get past a limit by those.
 * @throws `quota_exceeded`.
 */
export async function assertRoom(sizeBytes: number, deps: QuotaDeps): Promise<void> {
  const { queuedJobs, storedBytes }: TenantLimits = deps.tenantLimits.of(deps.tenant);
  if (queuedJobs === null && storedBytes === null) return;
  const used = await usedBy(deps.tenant, deps);
  if (queuedJobs !== null && used.queued_jobs >= queuedJobs) {
    throw exceeded("queued_jobs", `${used.queued_jobs} of your jobs wait, and at most ${queuedJobs} may`);
  }
  const stored = (used.stored_bytes ?? 0) + sizeBytes;
  if (storedBytes !== null && (stored > storedBytes || (sizeBytes === 0 && stored >= storedBytes))) {
    const what = sizeBytes === 0 ? "Your jobs take" : "With this file your jobs would take";
    throw exceeded("stored_bytes", `${what} ${stored} bytes, and may take ${storedBytes}`);
  }
}

function exceeded(limit: "queued_jobs" | "stored_bytes", fact: string): DomainError {
  const advice =
    limit === "queued_jobs"
      ? "Submit again when some have begun."
      : "Delete jobs that are not needed any more, or wait until their retention ends.";
  return new DomainError("quota_exceeded", `${fact} (limit ${limit}). Nothing was stored. ${advice}`, {
    retryAfterS: limit === "queued_jobs" ? 10 : 60,
    members: { limit },
  });
}
