import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answerNotHttp } from "./http/not-http.js";

/** A listening HTTP server with an orderly end. */
export interface HttpServer {
  /** With the port that was taken. */
  readonly url: string;
  /**
   * Stops accepting, lets requests under way end (each answer says `Connection: close`), and closes what is left after `deadlineMs`.
   * Resolves when no connection is open. Twice is fine.
   */
  drain(deadlineMs: number): Promise<void>;
}

/** Listens on the address. Rejects when it cannot, as when the port is taken. */
export async function listen(
  app: RequestListener,
  options: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const server = createServer();
  // Node's request timeout covers the body and would cut slow honest uploads; uploads have a guard of their own, headers keep theirs.
  server.requestTimeout = 0;
  server.headersTimeout = 30_000;
  // Longer than a load balancer keeps an idle connection (60 s is common): whoever closes second never sends into a closed one.
  server.keepAliveTimeout = 65_000;
  const underWay = new Set<ServerResponse>();
  const track: RequestListener = (_request, response) => {
    if (!server.listening) response.shouldKeepAlive = false;
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
  };
  server.on("request", track).on("request", app);
  // A client that asks first gets its 100 from whoever reads the body: a refusal then costs it no upload.
  server.on("checkContinue", track).on("checkContinue", app);
  // Any other expectation is passed over, as RFC 9110 (10.1.1) allows; Node by itself would answer a bare 417.
  server.on("checkExpectation", track).on("checkExpectation", app);
  answerNotHttp(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  let closed: Promise<void> | undefined;
  return {
    url: urlOf(server, options.host),
    drain(deadlineMs) {
      closed ??= close(server, underWay, deadlineMs);
      return closed;
    },
  };
}

/**
 * For this long a draining server still answers on connections that it has, each time telling the client to close. To close them at
 * once would reset a request that is on its way; a client in use learns it from its next answer instead.
 */
const GRACE_MS = 1_000;
const LAST_WORDS_MS = 200;

async function close(
  server: Server,
  underWay: ReadonlySet<ServerResponse>,
  deadlineMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  NetServer.prototype.close.call(server); // stops listening; http's own close would end idle connections as well
  for (const response of underWay) response.shouldKeepAlive = false;
  const grace = setTimeout(() => server.closeIdleConnections(), Math.min(GRACE_MS, deadlineMs / 4));
  const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  // A response learns of its connection's end a little later, and its line in the log with it. One that stood in a pipeline behind
  // another never does, hence the bound.
  const ends = [...underWay].map((response) => response.closed || once(response, "close"));
  await Promise.race([Promise.all(ends), sleep(LAST_WORDS_MS)]);
  clearTimeout(grace);
  clearTimeout(deadline);
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}
