import { createHash } from "node:crypto";
import { type Caller, DomainError, type Log, SCOPES, TENANT_NAME } from "@drover/core";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { keyRefused } from "./api-key-text.js";
import { isLoopback } from "./cross-origin.js";

export interface OidcOptions {
  /** As the tokens say it, `https://`, or `http://` on loopback. */
  readonly issuer: string;
  /** The `aud` that a token must have. */
  readonly audience: string;
  /** Claim with the tenant's name. */
  readonly tenantClaim: string;
  /** Claim with the scopes: words between blanks, or a list. */
  readonly scopesClaim: string;
  readonly log: Log;
}

/** Signatures by a key that only the issuer has; neither `none` nor a shared secret. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const PREFIX = "drover:";
/** By how much clocks may differ, in s. */
const TOLERANCE_S = 5;
const FETCH_MS = 2_000;

/** Whether a text has the form of a JWT: three parts, the last of which may be empty. */
export function isJwt(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
}

/** Takes the JWTs of one issuer, whose keys are looked up with the first token and kept. */
export class OidcIssuer {
  readonly #options: OidcOptions;
  #keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  /**
   * Whose token it is.
   * @throws `unauthorized` for a token that is not valid here, `issuer_unavailable` when its keys cannot be had.
   */
  async callerOf(token: string): Promise<Caller> {
    const { issuer, audience } = this.#options;
    const keys = await this.#issuerKeys();
    const verified = jwtVerify(token, keys, {
      ...{ issuer, audience, algorithms: ALGORITHMS, clockTolerance: TOLERANCE_S },
      requiredClaims: ["exp", "sub"],
    });
    const { payload } = await verified.catch((error: unknown) => {
      throw this.#refusalOf(error);
    });
    return this.#callerIn(payload);
  }

  #issuerKeys(): Promise<JWTVerifyGetKey> {
    this.#keys ??= discover(this.#options.issuer).catch((error: unknown) => {
      this.#keys = undefined; // the next token tries again
      throw this.#unavailable(error);
    });
    return this.#keys;
  }

  #callerIn(payload: JWTPayload): Caller {
    const { issuer, tenantClaim, scopesClaim } = this.#options;
    const tenant = payload[tenantClaim];
    if (typeof tenant !== "string" || !TENANT_NAME.test(tenant)) {
      throw keyRefused(
        `The token's claim "${tenantClaim}" names no tenant: 1 to 63 lower-case letters, digits and inner hyphens.`,
      );
    }
    const digest = createHash("sha256").update(`${issuer}\0${payload.sub}`).digest("hex");
    return { tenant, scopes: scopesIn(payload[scopesClaim]), keyId: `oidc:${digest.slice(0, 12)}` };
  }

  #refusalOf(error: unknown): unknown {
    if (error instanceof errors.JWTExpired) return keyRefused("The token has expired.");
    if (error instanceof errors.JWTClaimValidationFailed)
      return keyRefused(
        `The token is not for this server: its claim "${error.claim}" is not what is expected.`,
      );
    if (error instanceof errors.JOSEAlgNotAllowed)
      return keyRefused(`The token is signed in a way that is not taken; ${ALGORITHMS.join(", ")} are.`);
    if (TOKEN_ERRORS.some((kind) => error instanceof kind))
      return keyRefused("The token was not signed by the issuer that this server trusts, or is none.");
    return this.#unavailable(error);
  }

  #unavailable(cause: unknown): DomainError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#options.log.warn(`The keys of ${this.#options.issuer} cannot be had: ${reason}`);
    return new DomainError(
      "issuer_unavailable",
      "The issuer of this token cannot be asked for its keys just now; try again shortly.",
      { cause },
    );
  }
}

const TOKEN_ERRORS = [
  errors.JWSSignatureVerificationFailed,
  errors.JWSInvalid,
  errors.JWTInvalid,
  errors.JWKSNoMatchingKey,
  errors.JOSENotSupported,
];

/** Finds the issuer's keys by its discovery document (OpenID Connect Discovery 1.0, section 4). */
async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, {
    headers: { accept: "application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(FETCH_MS),
  });
  if (!response.ok) throw new Error(`its discovery document answers ${response.status}`);
  const { issuer: own, jwks_uri: address } = (await response.json()) as {
    issuer?: unknown;
    jwks_uri?: unknown;
  };
  if (own !== issuer)
    throw new Error(`its discovery document is of another issuer, "${String(own).slice(0, 200)}"`);
  if (typeof address !== "string" || !isSafeAddress(address)) throw new Error("its jwks_uri is not https://");
  return createRemoteJWKSet(new URL(address), { timeoutDuration: FETCH_MS });
}

/** Whether nobody on the way can put other keys in the place of the issuer's. */
export function isSafeAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

/** Scopes that a claim spells; words that are none are another program's. */
function scopesIn(claim: unknown): Caller["scopes"] {
  const words = Array.isArray(claim) ? claim : typeof claim === "string" ? claim.split(/\s+/) : [];
  const bare = words
    .map((word) => String(word))
    .map((word) => (word.startsWith(PREFIX) ? word.slice(PREFIX.length) : word));
  return new Set(SCOPES.filter((scope) => bare.includes(scope)));
}
