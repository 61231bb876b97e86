import { type Caller, DEFAULT_TENANT } from "@drover/core";
import { isFromThisMachine } from "./admin-access.js";
import { keyNeeded } from "./api-key-text.js";
import { ANYBODY, type Callers } from "./callers.js";
import { SignedJobTokens } from "./job-tokens.js";
import { KeyHolders, type KeyHoldersOptions } from "./key-holders.js";
import type { KeySnapshot } from "./key-ring.js";
import { isJwt, type OidcIssuer } from "./oidc.js";
import { presentedKey } from "./presented-key.js";

/**
 * Whom a server serves while there are no keys: everybody; everybody, but for what an admin does; nobody. A
 * request from its own machine is an admin's in each case, so that somebody can make the first key.
 */
export type Openness = "open" | "insecure" | "closed";

export interface KnownCallersOptions extends KeyHoldersOptions {
  readonly openness: Openness;
  /** Whose JWTs are taken; absent: nobody's. */
  readonly oidc?: Pick<OidcIssuer, "callerOf"> | undefined;
}

/** What may be done on a server without keys that others reach. */
const STRANGER: Caller = { tenant: DEFAULT_TENANT, scopes: new Set(["submit", "read"]), keyId: null };

/** The callers of a server, by their keys and tokens, and what is given out to them. */
export interface KnownCallers {
  readonly callers: Callers;
  readonly jobTokens: SignedJobTokens;
}

/** Tells callers by their keys and tokens, and what a request without any may do. */
export function createCallers(options: KnownCallersOptions): KnownCallers {
  const { ring, openness, oidc, now } = options;
  const holders = new KeyHolders(options);
  const needsKey = holders.hasEnvironment || oidc !== undefined;
  /** Who sends a request without a key; `undefined` for nobody who is served. */
  const stranger = (known: KeySnapshot, isLocal: boolean): Caller | undefined => {
    if (needsKey || known.isAny) return undefined;
    if (isLocal) return ANYBODY;
    if (ring.hadKeys || openness === "closed") return undefined;
    return openness === "open" ? ANYBODY : STRANGER;
  };
  const servesStrangers = (known: KeySnapshot) => stranger(known, true) !== undefined;
  /** A JWT is in force until it expires; what was asked for with it, for as long as its issuer is trusted. */
  const isInForce = (keyId: string, known: KeySnapshot) =>
    keyId.startsWith("oidc:") ? oidc !== undefined : holders.isInForce(keyId, known);
  const jobTokens = new SignedJobTokens({ ring, isInForce, servesStrangers, now });
  const holderOf = (text: string) => {
    const token = jobTokens.callerOf(text);
    if (token !== undefined) return token;
    const isForeign = oidc !== undefined && isJwt(text) && !holders.isOfEnvironment(text);
    return isForeign ? oidc.callerOf(text) : holders.holderOf(text);
  };
  const callers: Callers = {
    holderOf,
    callerOf(request) {
      const text = presentedKey(request);
      if (text !== undefined) return holderOf(text);
      const { headers, socket } = request;
      const isLocal = isFromThisMachine({ remoteAddress: socket.remoteAddress, headers });
      if (needsKey || (openness === "closed" && !isLocal)) throw keyNeeded();
      return ring.judge((known) => stranger(known, isLocal) ?? refuse());
    },
    refresh: () => ring.refresh(),
  };
  return { callers, jobTokens };
}

function refuse(): never {
  throw keyNeeded();
}
