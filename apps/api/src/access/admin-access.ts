import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export interface AdminRequest {
  readonly remoteAddress: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Headers by which a proxy says that the connection's other end is not the client. */
const FORWARDED = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "via",
];

/**
 * Whether a request may see the operators' board: it comes from this machine, or carries the admin key (as
 * Bearer, or as the password of Basic). From this machine means a loopback address, no trace of a proxy, and
 * a loopback name in `Host`: a page of another site whose name was made to resolve to 127.0.0.1 has its own
 * name there.
 */
export function admits(
  request: AdminRequest,
  adminKey: string | undefined,
): "allowed" | "unauthorized" | "forbidden" {
  if (isFromThisMachine(request)) return "allowed";
  if (adminKey === undefined) return "forbidden";
  return isSameSecret(presentedKey(request.headers.authorization), adminKey) ? "allowed" : "unauthorized";
}

/** Whether a request may see the metrics: it came without a proxy, or carries the admin key. */
export function admitsToMetrics(
  request: Pick<AdminRequest, "headers">,
  adminKey: string | undefined,
): "allowed" | "unauthorized" | "forbidden" {
  const { headers } = request;
  if (!cameThroughProxy(headers)) return "allowed";
  if (adminKey === undefined) return "forbidden";
  return isSameSecret(presentedKey(headers.authorization), adminKey) ? "allowed" : "unauthorized";
}

function cameThroughProxy(headers: IncomingHttpHeaders): boolean {
  return FORWARDED.some((name) => headers[name] !== undefined);
}

function isFromThisMachine({ remoteAddress = "", headers }: AdminRequest): boolean {
  const address = remoteAddress.replace(/^::ffff:/, "");
  const isLoopback = address === "::1" || /^127(\.\d{1,3}){3}$/.test(address);
  const isLoopbackName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(headers.host ?? "");
  return isLoopback && isLoopbackName && !cameThroughProxy(headers);
}

function presentedKey(authorization = ""): string {
  const [scheme = "", value = ""] = authorization.split(/\s+/, 2);
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return "";
  const text = Buffer.from(value, "base64").toString("utf8");
  return text.slice(text.indexOf(":") + 1);
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
function isSameSecret(presented: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return presented !== "" && timingSafeEqual(digest(presented), digest(expected));
}
