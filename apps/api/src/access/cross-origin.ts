import type { IncomingMessage, ServerResponse } from "node:http";
import { hostname } from "node:os";
import { DomainError } from "@drover/core";

/** Under which names the server is spoken to, and by the pages of which other origins. */
export interface Reach {
  /** Address or name that the server binds. */
  readonly boundTo: string;
  /** Further names that `Host` may have; `*` for any. */
  readonly hosts: readonly string[];
  /** Origins, as `http://localhost:5173`, whose pages may call and read. */
  readonly corsOrigins: readonly string[];
}

/** Lets a request pass, refuses it by throwing, or answers it; returns whether it was answered. */
type Guard = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Says who may speak to this server, before anything else of a request is read.
 *
 * A browser sends what any page asks it to, to this machine too. Three rules keep foreign pages out; what is
 * no browser is not concerned:
 * - `Host` must be a name of this server. A page whose own name was made to resolve to this address (DNS
 *   rebinding) is of the same origin as the server for its browser, and is known by that name only.
 * - What changes something must not come from a page of another origin, unless that origin is listed.
 * - Answers can be read by pages of listed origins and of no others (CORS, fetch.spec.whatwg.org), and
 *   never one that was given to a browser's cookie: those pages send keys of their own.
 */
export function guardOrigins(reach: Reach): Guard {
  const isServed = hostCheck(reach);
  const listed = new Set(reach.corsOrigins.map((origin) => new URL(origin).origin));
  return (request, response) => {
    const { host, origin } = request.headers;
    if (listed.size > 0) response.appendHeader("Vary", "Origin");
    const isListed = origin !== undefined && listed.has(origin);
    if (isListed) allowReading(origin, response);
    if (host !== undefined && !isServed(nameOf(host))) throw wrongHost(host); // HTTP/1.0 may have none
    if (isListed) {
      if (isPreflight(request)) {
        answerPreflight(response);
        return true;
      }
    } else if (isForeignChange(request)) throw wrongOrigin(origin);
    return false;
  };
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const IP_LITERAL = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

/** Whether an address or a name that a server binds is this machine's own, which no other one reaches. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host.toLowerCase()) || host === "::1";
}

/**
 * Bound to loopback, the server has loopback's names. Bound wider, it is reached by addresses and by names of
 * a private network as well: those without a dot, such as a container's. To be misled a browser must look up
 * a name that an attacker owns, which an address is not, and a name without a dot cannot be.
 */
function hostCheck({ boundTo, hosts }: Reach): (name: string) => boolean {
  const bound = boundTo.toLowerCase();
  const isLocal = isLoopback(bound);
  const own = new Set([bound, ...hosts.map((host) => host.toLowerCase())]);
  if (!isLocal) own.add(hostname().toLowerCase());
  if (own.has("*")) return () => true;
  return (name) =>
    LOOPBACK.test(name) || own.has(name) || (!isLocal && (IP_LITERAL.test(name) || !/[.:]/.test(name)));
}

/** The name in a `Host` header, in lower case, without port and without the dot that may end it. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

/** Whether a page of another origin, listed or not, asks to change something. */
export function isForeignChange(request: IncomingMessage): boolean {
  return changes(request) && isForeign(request);
}

/**
 * Keeps to the server's own pages what is done with a browser's session, or with no key at all.
 * @throws `forbidden`.
 */
export function assertOwnPage(request: IncomingMessage): void {
  if (isForeignChange(request))
    throw new DomainError(
      "forbidden",
      "Only a page of this server may do this; others use the api with a key.",
    );
}

function changes({ method }: IncomingMessage): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
}

/**
 * Whether a page of another origin sent the request. `Sec-Fetch-Site` is the browser's own word, beyond a
 * page's reach, also where a proxy put another `Host`; for what no page began it says `none`, and old
 * browsers do not send it: then `Origin` decides.
 */
function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site === "same-origin") return false;
  if (site !== undefined && site !== "none") return true;
  return headers.origin !== undefined && !isSameHost(headers.origin, headers.host);
}

/** The scheme is not compared: behind a proxy that ends TLS the server does not know its own. */
function isSameHost(origin: string, host = ""): boolean {
  if (!URL.canParse(origin)) return false; // `null` among others
  const { protocol, host: sender } = new URL(origin);
  const own = `${protocol}//${host}`;
  return sender !== "" && URL.canParse(own) && new URL(own).host === sender;
}

function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
}

/** What a page may read of an answer, beside the few headers that it always may. */
const EXPOSED = [
  ...[
    "Location",
    "Retry-After",
    "ETag",
    "X-Request-Id",
    "Idempotent-Replayed",
    "Preference-Applied",
    "Allow",
  ],
  ...["Content-Disposition", "Content-Range", "Accept-Ranges", "Repr-Digest"],
].join(", ");
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const SENT = [
  ...["Accept", "Content-Type", "Idempotency-Key", "Prefer", "If-None-Match", "If-Range", "Range"],
  ...["Last-Event-ID", "X-Request-Id", "Authorization", "X-API-Key"],
].join(", ");
/** For how long a browser need not ask again, in s; none remembers it for longer. */
const MAX_AGE_S = 7_200;

function allowReading(origin: string, response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Expose-Headers", EXPOSED);
}

function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": SENT,
    "Access-Control-Max-Age": String(MAX_AGE_S),
  });
  response.end();
}

function wrongHost(host: string): DomainError {
  return new DomainError(
    "forbidden",
    `This server is not spoken to as "${printable(host)}". Whoever runs it can add that name to ` +
      "DROVER_HOSTS.",
  );
}

function wrongOrigin(origin = "another origin"): DomainError {
  return new DomainError(
    "forbidden",
    `Pages of ${printable(origin)} may not change anything here. Whoever runs this server can add their ` +
      "origin to DROVER_CORS_ORIGINS.",
  );
}

function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, "").slice(0, 200);
}
