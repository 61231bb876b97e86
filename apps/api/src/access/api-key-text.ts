import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { DomainError } from "@drover/core";

/** `drv_<id>_<secret>`: an id of 12 hexadecimal digits, and 256 random bits in base64url. */
const KEY_TEXT = /^drv_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

/** A key as its owner gets it, this once. */
export interface NewApiKey {
  readonly id: string;
  readonly text: string;
  /** Hexadecimal, of the text. */
  readonly sha256: string;
}

export function newApiKey(): NewApiKey {
  const id = randomBytes(6).toString("hex");
  const text = `drv_${id}_${randomBytes(32).toString("base64url")}`;
  return { id, text, sha256: digestOf(text).toString("hex") };
}

/** The id in the text of a key that `drover keys create` made; `undefined` for any other text. */
export function idOfKey(text: string): string | undefined {
  return KEY_TEXT.exec(text)?.[1];
}

/** The SHA-256 of a key. Digests are compared, so that neither content nor length shows in the time it takes. */
export function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** What an unknown key is compared to: it takes as long as a known one. */
const NOBODY = randomBytes(32);

/** Whether the digests are the same; false, in the same time, when there is none to compare to. */
export function isSameDigest(presented: Buffer, expected: Buffer | undefined): boolean {
  return timingSafeEqual(presented, expected ?? NOBODY) && expected !== undefined;
}

const CHALLENGE = 'Bearer realm="Drover"';

/** The refusal of a request that needs a key and carries none. */
export function keyNeeded(): DomainError {
  return new DomainError(
    "unauthorized",
    "This needs a key, as `Authorization: Bearer <key>` or `X-API-Key: <key>`. Whoever runs this server makes " +
      "one: drover keys create.",
    { challenge: CHALLENGE },
  );
}

/** The refusal of a key, or of a token. */
export function keyRefused(detail: string): DomainError {
  return new DomainError("unauthorized", detail, { challenge: `${CHALLENGE}, error="invalid_token"` });
}
