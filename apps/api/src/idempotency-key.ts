import { createHash } from "node:crypto";
import { DomainError, type JobRequest } from "@drover/core";

const MAX_LENGTH = 255;

/**
 * The key in the header, the same for `"abc"` (the string item of the IETF draft) and `abc`; `undefined` without a header.
 * Throws `invalid_request` for an empty one, one over 255 characters, or one with other than printable ASCII.
 */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1];
  const key = quoted === undefined ? text : quoted.replaceAll(/\\(["\\])/g, "$1");
  if (key.length > 0 && key.length <= MAX_LENGTH && /^[\x20-\x7e]+$/.test(key)) return key;
  throw new DomainError(
    "invalid_request",
    `An Idempotency-Key is 1 to ${MAX_LENGTH} printable ASCII characters; got ${key.length} characters.`,
    { errors: [{ path: "headers.idempotency-key", message: "is not a key" }] },
  );
}

/** The key as the queue stores it: of bounded length, and apart from those of other owners. */
export function scopedKey(key: string, owner = "default"): string {
  return createHash("sha256").update(`${owner}\0${key}`).digest("hex");
}

/** Digest of everything that makes a request the same request; not its time nor its ids. */
export function fingerprintOf(request: JobRequest): string {
  const { processor, params, tags, priority, runAt, timeoutMs, queueTimeoutMs, input } = request;
  const essence = {
    processor,
    params,
    tags,
    priority,
    runAt,
    timeoutMs,
    queueTimeoutMs,
    filename: input.filename,
    sha256: input.sha256,
  };
  return createHash("sha256").update(canonicalJson(essence)).digest("hex");
}

/** JSON with the members of every object in one order, so that two spellings of the same params are the same. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
