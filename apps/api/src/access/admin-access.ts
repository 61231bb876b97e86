import type { IncomingHttpHeaders } from "node:http";
import { assertMay, DomainError } from "@drover/core";
import type { Callers } from "./callers.js";
import { basicPassword, presentedKey } from "./presented-key.js";

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
 * Whether a request comes from this machine: from a loopback address, with no trace of a proxy, and with a
 * loopback name in `Host`: a page of another site whose name was made to resolve to 127.0.0.1 has its own
 * name there.
 */
export function isFromThisMachine({ remoteAddress = "", headers }: AdminRequest): boolean {
  const address = remoteAddress.replace(/^::ffff:/, "");
  const isLoopback = address === "::1" || /^127(\.\d{1,3}){3}$/.test(address);
  const isLoopbackName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(headers.host ?? "");
  return isLoopback && isLoopbackName && !cameThroughProxy(headers);
}

/** Lets a request to the operators' board pass: from this machine, or with a key that has the scope `admin`. */
export async function admitToBoard(request: AdminRequest, callers: Pick<Callers, "holderOf">): Promise<void> {
  if (!isFromThisMachine(request))
    await assertAdmin(request.headers, "From here the operators' board", callers);
}

/** Lets a request for the metrics pass: without a proxy, or with a key that has the scope `admin`. */
export async function admitToMetrics(
  { headers }: Pick<AdminRequest, "headers">,
  callers: Pick<Callers, "holderOf">,
): Promise<void> {
  if (cameThroughProxy(headers)) await assertAdmin(headers, "Through a proxy the metrics", callers);
}

function cameThroughProxy(headers: IncomingHttpHeaders): boolean {
  return FORWARDED.some((name) => headers[name] !== undefined);
}

/** Browsers send a key as the password of HTTP Basic, for which they ask when they are challenged. */
async function assertAdmin(
  headers: IncomingHttpHeaders,
  what: string,
  { holderOf }: Pick<Callers, "holderOf">,
): Promise<void> {
  const key = basicPassword(headers.authorization) ?? presentedKey({ headers });
  if (key === undefined) throw basicNeeded(`${what} needs a key with the scope "admin".`);
  try {
    assertMay(await holderOf(key), "admin");
  } catch (error) {
    throw error instanceof DomainError && error.code === "unauthorized" ? basicNeeded(error.message) : error;
  }
}

function basicNeeded(detail: string): DomainError {
  return new DomainError("unauthorized", detail, { challenge: 'Basic realm="Drover", charset="UTF-8"' });
}
