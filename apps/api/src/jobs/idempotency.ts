import { createHash } from "node:crypto";
import { MAX_IDEMPOTENCY_KEY_LENGTH } from "@drover/contract";
import { DomainError, type JobId, type JobRequest, parseJobId } from "@drover/core";

/**
 * The key in the header, the same for `"abc"` (the string item of the IETF draft) and `abc`; `undefined`
 * without a header.
 * @throws `invalid_request` for an empty one, one over 255 characters, or one with other than printable
 *   ASCII.
 */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1];
  const key = quoted === undefined ? text : quoted.replaceAll(/\\(["\\])/g, "$1");
  if (key.length > 0 && key.length <= MAX_IDEMPOTENCY_KEY_LENGTH && /^[\x20-\x7e]+$/.test(key)) return key;
  throw new DomainError(
    "invalid_request",
    `An Idempotency-Key is 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} printable ASCII characters; got ` +
      `${key.length} characters.`,
    { errors: [{ path: "headers.idempotency-key", message: "is not a key" }] },
  );
}

/**
 * The id of the job that a key makes, so that two submits with one key are two submits of one job, whatever
 * was lost in between. A UUID of version 8 (RFC 9562, 5.8) from a SHA-256 over a label, the tenant and the
 * key.
 */
export function jobIdOfKey(key: string, tenant: string): JobId {
  const bytes = createHash("sha256").update(`drover job of key\0${tenant}\0${key}`).digest().subarray(0, 16);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return parseJobId(bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));
}

/** Short digest of everything that makes a request the same request; not its time nor its ids. */
export function fingerprintOf(request: Omit<JobRequest, "id" | "fingerprint">): string {
  const { processor, params, tags, priority, runAt, timeoutMs, queueTimeoutMs, webhook, input } = request;
  const essence = {
    processor,
    params,
    tags,
    priority,
    runAt,
    timeoutMs,
    queueTimeoutMs,
    webhook, // absent without one: a request has the fingerprint that it had before there were any
    filename: input.filename,
    sha256: input.sha256,
  };
  return createHash("sha256").update(canonicalJson(essence)).digest("base64url").slice(0, 22);
}

/**
 * JSON with the members of every object in one order, so that two spellings of the same params are the same.
 */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
