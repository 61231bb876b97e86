import type { Caller } from "@drover/core";
import { keyRefused } from "./api-key-text.js";
import type { KeyRing, KeySnapshot } from "./key-ring.js";
import { claimsOf, isTokenText, signToken, type TokenClaims } from "./token-text.js";

/** Tokens that open one job for some minutes: a browser may have them in an address. */
export interface JobTokens {
  /**
   * A token for what the claims say.
   * @throws `redis_unavailable`.
   */
  issue(claims: TokenClaims): Promise<string>;
}

export interface JobTokensOptions {
  readonly ring: KeyRing;
  /** Whether the key of the id may be used, by what is known of the keys in Redis. */
  readonly isInForce: (keyId: string, known: KeySnapshot) => boolean;
  /** Whether a request without a key is served, by what is known of the keys in Redis. */
  readonly servesStrangers: (known: KeySnapshot) => boolean;
  /** Wall time, ms since the epoch. */
  readonly now: () => number;
}

/**
 * Tokens are signed, not kept: any api tells a good one by the secret that all of them have, and by the key that
 * it was asked for with, which must still be in force.
 */
export class SignedJobTokens implements JobTokens {
  readonly #options: JobTokensOptions;

  constructor(options: JobTokensOptions) {
    this.#options = options;
  }

  async issue(claims: TokenClaims): Promise<string> {
    return signToken(claims, await this.#options.ring.tokenSecret());
  }

  /**
   * Who holds the token; `undefined` for a text that is none.
   * @throws `unauthorized` for one that is not ours, is over, or whose key was revoked; `redis_unavailable`.
   */
  callerOf(text: string): Caller | Promise<Caller> | undefined {
    if (!isTokenText(text)) return undefined;
    const found = this.#options.ring.find((known) => this.#judge(text, known));
    return found instanceof Promise ? found.then((caller) => caller ?? refuse()) : found;
  }

  #judge(text: string, known: KeySnapshot): Caller | undefined {
    const { now, isInForce, servesStrangers } = this.#options;
    const claims = known.tokenSecret === undefined ? undefined : claimsOf(text, known.tokenSecret);
    if (claims === undefined) return undefined;
    const { tenant, keyId, jobId, expiresAt } = claims;
    if (expiresAt <= now()) throw keyRefused("The job's token has expired; ask for another one.");
    const isValid = keyId === null ? servesStrangers(known) : isInForce(keyId, known);
    return isValid ? { tenant, scopes: READ_ONLY, keyId, jobId } : undefined;
  }
}

const READ_ONLY: Caller["scopes"] = new Set(["read"]);

function refuse(): never {
  throw keyRefused("The job's token is not valid here, or the key that it was asked for with was revoked.");
}
