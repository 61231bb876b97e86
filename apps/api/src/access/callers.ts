import type { IncomingMessage, ServerResponse } from "node:http";
import type { Route } from "@drover/contract";
import { assertMay, type Caller, DEFAULT_TENANT, SCOPES } from "@drover/core";
import { scopeOf } from "../http/request-scope.js";

/** Tells who sends a request. */
export interface Callers {
  /**
   * The caller, at once when nobody has to be asked.
   * @throws `unauthorized` without a key that is known, where one is needed; `invalid_request` for a key in the
   *   address; `redis_unavailable` when it cannot be told.
   */
  callerOf(request: IncomingMessage): Caller | Promise<Caller>;
  /**
   * Whose key it is.
   * @throws `unauthorized` for one that is not known; `redis_unavailable`.
   */
  holderOf(key: string): Caller | Promise<Caller>;
  /**
   * Who signed in with the browser that sends a request; `undefined` for nobody.
   * @throws `redis_unavailable`.
   */
  signedIn(request: IncomingMessage): Caller | undefined | Promise<Caller | undefined>;
  /** Whether there are keys, so that other hosts need one; true also while that is not known yet. */
  readonly areKeyed: boolean;
  /** To be called when a key was made or revoked: this process knows of it then, if Redis answers. */
  refresh(): Promise<void>;
}

/** Everybody, where there are no keys. */
export const ANYBODY: Caller = { tenant: DEFAULT_TENANT, scopes: new Set(SCOPES), keyId: null };

/**
 * Lets a request pass to a route, and notes its caller in its scope; before anything of its body is read.
 * @param jobId as it stands in the path.
 * @throws `unauthorized`, `forbidden`.
 */
export function admitCaller(
  route: Pick<Route, "access" | "takesJobToken">,
  request: IncomingMessage,
  response: ServerResponse,
  { callers, jobId }: { readonly callers: Callers; readonly jobId: string | undefined },
): Caller | Promise<Caller> {
  const admit = (caller: Caller) => {
    const scope = scopeOf(response);
    const { tenant, keyId } = caller;
    if (keyId !== null) scope.fields = { ...scope.fields, tenant, key_id: keyId };
    scope.caller = caller;
    assertMay(caller, route.access, route.takesJobToken === true ? jobId : undefined);
    return caller;
  };
  const caller = route.access === "anyone" ? ANYBODY : callers.callerOf(request);
  return caller instanceof Promise ? caller.then(admit) : admit(caller);
}
