import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { assertMay, type Caller, DomainError } from "@drover/core";
import { ANYBODY, type Callers } from "./callers.js";
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

/**
 * Lets a request to the operators' board pass, and returns whose it is: it comes from this machine, or presents a
 * key or a session with the scope `admin`. What is presented is judged in both cases.
 * @throws `unauthorized`, `forbidden`, `redis_unavailable`.
 */
export async function admitToBoard(request: IncomingMessage, callers: AdminCallers): Promise<Caller> {
  const caller = await presentedAdmin(request, callers);
  if (caller !== undefined) return caller;
  if (isFromThisMachine(originOf(request))) return ANYBODY;
  throw basicNeeded(
    'From here the operators\' board needs a key with the scope "admin", or a session of one.',
  );
}

/**
 * Lets a request for the metrics pass: from this machine, with a key or a session that has the scope `admin`, or,
 * where there are no keys, from another host without a proxy.
 * @throws `unauthorized`, `forbidden`, `redis_unavailable`.
 */
export async function admitToMetrics(request: IncomingMessage, callers: AdminCallers): Promise<void> {
  if (isFromThisMachine(originOf(request))) return;
  if (!callers.areKeyed && !cameThroughProxy(request.headers)) return;
  if ((await presentedAdmin(request, callers)) === undefined)
    throw basicNeeded('From here the metrics need a key with the scope "admin".');
}

type AdminCallers = Pick<Callers, "holderOf" | "signedIn" | "areKeyed">;

function originOf({ socket, headers }: IncomingMessage): AdminRequest {
  return { remoteAddress: socket.remoteAddress, headers };
}

function cameThroughProxy(headers: IncomingHttpHeaders): boolean {
  return FORWARDED.some((name) => headers[name] !== undefined);
}

/** The admin whose key or session a request presents; browsers may send a key as the password of HTTP Basic. */
async function presentedAdmin(
  request: IncomingMessage,
  { holderOf, signedIn }: AdminCallers,
): Promise<Caller | undefined> {
  const { headers } = request;
  const key = basicPassword(headers.authorization) ?? presentedKey({ headers });
  try {
    const caller = await (key === undefined ? signedIn(request) : holderOf(key));
    if (caller !== undefined) assertMay(caller, "admin");
    return caller;
  } catch (error) {
    throw error instanceof DomainError && error.code === "unauthorized" ? basicNeeded(error.message) : error;
  }
}

function basicNeeded(detail: string): DomainError {
  return new DomainError("unauthorized", detail, { challenge: 'Basic realm="Drover", charset="UTF-8"' });
}
