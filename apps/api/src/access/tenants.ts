import type { Caller } from "@drover/core";
import type { Deps } from "../deps.js";

/**
 * The deps as a caller sees them. Handlers are given nothing else, so that none can forget to ask whose a job
 * is.
 */
export function depsFor({ tenant }: Caller, deps: Deps): Deps {
  return tenant === deps.tenant ? deps : { ...deps, tenant };
}
