import { createHmac, timingSafeEqual } from "node:crypto";

/** What a token of one job says. */
export interface TokenClaims {
  /** In lower case. */
  readonly jobId: string;
  /** Whose job it is. */
  readonly tenant: string;
  /** The key by which the token was asked for; `null` where there were no keys. */
  readonly keyId: string | null;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** `drvt_<claims>.<mac>`, both in base64url. */
const TOKEN_TEXT = /^drvt_([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{43})$/;

/** The token that says so, signed by HMAC-SHA-256. */
export function signToken({ jobId, tenant, keyId, expiresAt }: TokenClaims, secret: string): string {
  const claims = Buffer.from(JSON.stringify([jobId, tenant, keyId, expiresAt])).toString("base64url");
  return `drvt_${claims}.${macOf(claims, secret).toString("base64url")}`;
}

export function isTokenText(text: string): boolean {
  return TOKEN_TEXT.test(text);
}

/** What the token says; `undefined` unless it was signed with the secret. Whether its time is over is not asked. */
export function claimsOf(text: string, secret: string): TokenClaims | undefined {
  const [, claims = "", mac = ""] = TOKEN_TEXT.exec(text) ?? [];
  const expected = macOf(claims, secret);
  const presented = Buffer.from(mac, "base64url");
  if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) return undefined;
  const [jobId, tenant, keyId, expiresAt] = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as [
    string,
    string,
    string | null,
    number,
  ]; // nobody else signs
  return { jobId, tenant, keyId, expiresAt };
}

function macOf(claims: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(`drover token of a job\0${claims}`).digest();
}
