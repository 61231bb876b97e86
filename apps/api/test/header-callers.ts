import { type Caller, SCOPES, type Scope } from "@drover/core";
import { keyRefused } from "../src/access/api-key-text.js";
import type { Callers } from "../src/access/callers.js";

/**
 * Whoever sends `X-Test-Caller: <tenant> <scopes>` has a key of that tenant with these scopes, `submit` and
 * `read` by default; others are anybody, as where there are no keys.
 */
export const callersByHeader: Callers = {
  callerOf: ({ headers }): Caller => {
    const sent = headers["x-test-caller"];
    if (typeof sent !== "string") return { tenant: "default", scopes: new Set(SCOPES), keyId: null };
    const [tenant = "", ...named] = sent.split(" ");
    const scopes = named.length === 0 ? ["submit", "read"] : named;
    return { tenant, scopes: new Set(scopes as Scope[]), keyId: `key-of-${tenant}` };
  },
  holderOf: () => {
    throw keyRefused("This server knows no keys.");
  },
  signedIn: () => undefined,
  areKeyed: false,
  refresh: async () => {},
};
