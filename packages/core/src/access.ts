import { DomainError } from "./errors.js";

/**
 * What a key may do: `submit` makes, changes and deletes jobs, `read` reads them and what they made, `admin`
 * does everything for every tenant.
 */
export const SCOPES = ["submit", "read", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Whose jobs those are that nobody in particular submitted: all of them, where there are no keys. */
export const DEFAULT_TENANT = "default";

/** A tenant's name: 1 to 63 lower-case letters, digits and inner hyphens. */
export const TENANT_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Who sends a request. */
export interface Caller {
  /** Owner of what the caller makes. */
  readonly tenant: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Public name of the key, for logs and the audit; `null` for a caller without one. */
  readonly keyId: string | null;
  /** A token's caller may read this one job and nothing else. */
  readonly jobId?: string;
}

/** Who a route is for: anybody, whoever has a key, or a key with the scope. `admin` has every scope. */
export type Access = "anyone" | "any_key" | Scope;

/** Whether the caller sees what belongs to the tenant. */
export function seesAll({ scopes }: Pick<Caller, "scopes">): boolean {
  return scopes.has("admin");
}

/**
 * Lets a caller pass to a route, or throws `forbidden`.
 * @param tokenJobId the job in the path of a route that takes a job's token.
 */
export function assertMay(caller: Caller, access: Access, tokenJobId?: string): void {
  if (access === "anyone") return;
  if (caller.jobId !== undefined) {
    if (tokenJobId?.toLowerCase() === caller.jobId) return;
    throw new DomainError("forbidden", "A job's token opens that job alone, to read it and what it made.");
  }
  if (access === "any_key" || caller.scopes.has(access) || seesAll(caller)) return;
  throw new DomainError(
    "forbidden",
    `This needs a key with the scope "${access}"; yours has ${[...caller.scopes].join(", ") || "none"}.`,
  );
}
