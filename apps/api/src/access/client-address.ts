import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { TrustedProxies } from "@drover/settings";
import proxyAddr from "proxy-addr";

interface Client {
  readonly address: string;
  readonly isOverTls: boolean;
}

const CLIENT = Symbol("client of a request");
type Noted = IncomingMessage & { [CLIENT]?: Client };

/**
 * Returns a function that notes where a request came from, for `clientAddress` and `cameOverTls`; to be called
 * before them, while the connection is open.
 *
 * `X-Forwarded-For` and `X-Forwarded-Proto` are whatever a client writes, unless a proxy that is trusted wrote
 * them: they are read as Express' `trust proxy` reads them, and not at all when no proxy is trusted.
 */
export function clientNoter(proxies: TrustedProxies): (request: IncomingMessage) => void {
  const isTrusted =
    typeof proxies === "number"
      ? (_address: string, hop: number) => hop < proxies
      : proxyAddr.compile([...proxies]);
  return (request) => {
    const { remoteAddress } = request.socket;
    if (remoteAddress === undefined) return; // the connection has closed already
    (request as Noted)[CLIENT] = {
      address: addressOf(request, remoteAddress, isTrusted),
      isOverTls: isTrusted(remoteAddress, 0) && forwardedProtocol(request) === "https",
    };
  };
}

/**
 * The address of the client that sent a request: of the connection's other end, or what the trusted proxies
 * in front of the server say of theirs. IPv4 in its own form; empty when the client had left at once.
 */
export function clientAddress(request: IncomingMessage): string {
  return (request as Noted)[CLIENT]?.address ?? "";
}

/** Whether a request came by TLS, as the trusted proxy says that ended it. */
export function cameOverTls(request: IncomingMessage): boolean {
  return (request as Noted)[CLIENT]?.isOverTls ?? false;
}

function addressOf(
  request: IncomingMessage,
  remoteAddress: string,
  isTrusted: (address: string, hop: number) => boolean,
): string {
  const isForwarded = request.headers["x-forwarded-for"] !== undefined;
  const said = isForwarded ? proxyAddr(request, isTrusted) : remoteAddress;
  const address = isIP(said) === 0 ? remoteAddress : said; // a proxy that passes on what is no address
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** Of several the one that the outermost proxy met. */
function forwardedProtocol({ headers }: IncomingMessage): string | undefined {
  return String(headers["x-forwarded-proto"] ?? "")
    .split(",", 1)[0]
    ?.trim()
    .toLowerCase();
}
