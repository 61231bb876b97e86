import { type Caller, DomainError, seesAll } from "@drover/core";
import type { Deps } from "../deps.js";

/** Callers whose deps are kept for their next request. */
const MAX_KEPT = 1_000;
const kept = new WeakMap<Deps, Map<string, Deps>>();

/**
 * The deps as a caller sees them: without what belongs to other tenants, unless it is an admin. Handlers are
 * given nothing else, so that none can forget to ask whose a job is.
 */
export function depsFor(caller: Pick<Caller, "tenant" | "scopes">, deps: Deps): Deps {
  const view = { tenant: caller.tenant, seesAll: seesAll(caller) };
  if (view.tenant === deps.tenant && view.seesAll === deps.seesAll) return deps;
  const known = kept.get(deps) ?? new Map<string, Deps>();
  kept.set(deps, known);
  const name = `${view.tenant} ${view.seesAll}`;
  const before = known.get(name);
  if (before !== undefined) return before;
  if (known.size >= MAX_KEPT) known.clear();
  const queue = view.seesAll ? deps.queue : { ...deps.queue, ...deps.queue.of(view.tenant) };
  const own = { ...deps, ...view, queue };
  known.set(name, own);
  return own;
}

/**
 * The deps for a request that asks for one tenant's jobs alone; as they are when it asks for none.
 * @throws `forbidden` when they are not the caller's to see.
 */
export function depsOfTenant(asked: string | undefined, deps: Deps): Deps {
  if (asked === undefined) return deps;
  if (deps.seesAll) return depsFor({ tenant: asked, scopes: new Set() }, deps);
  if (asked === deps.tenant) return deps;
  throw new DomainError(
    "forbidden",
    `Only a key with the scope "admin" can ask for tenant "${asked}"; yours is "${deps.tenant}".`,
  );
}
