import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, type ErrorCode } from "@drover/core";
import { refuse } from "./http/problem.js";

/** A listening HTTP server with an orderly end. */
export interface HttpServer {
  /** With the port that was taken. */
  readonly url: string;
  /**
   * Stops accepting, lets requests under way end (each answer says `Connection: close`), and closes what is
   * left after `deadlineMs`. Resolves when no connection is open. Twice is fine.
   */
  drain(deadlineMs: number): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** From the first byte of a request, or the opening of its connection, to the end of its headers. Default 30 s. */
  readonly headersTimeoutMs?: number;
  /** How long the rest of a body may come that nobody reads, once its request is answered. Default 10 s. */
  readonly unreadBodyMs?: number;
}

/**
 * Listens on the address.
 * @throws when it cannot, as when the port is taken.
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<HttpServer> {
  const { headersTimeoutMs = 30_000, unreadBodyMs = 10_000 } = options;
  const server = createServer({
    // Node's request timeout covers the body and would cut slow honest uploads; bodies have guards of their
    // own, headers keep theirs.
    requestTimeout: 0,
    headersTimeout: headersTimeoutMs,
    // How late that is noticed at most.
    connectionsCheckingInterval: Math.ceil(headersTimeoutMs / 6),
    requireHostHeader: false, // refused by a problem document, as other ambiguity is
  });
  // Longer than a load balancer keeps an idle connection (60 s is common): whoever closes second never sends
  // into a closed one.
  server.keepAliveTimeout = 65_000;
  const underWay = new Set<ServerResponse>();
  const track: RequestListener = (request, response) => {
    if (!server.listening) response.shouldKeepAlive = false;
    response.once("finish", () => endUnread(request, unreadBodyMs));
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
  };
  server.on("request", track).on("request", app);
  // A client that asks first gets its 100 from whoever reads the body: a refusal then costs it no upload.
  server.on("checkContinue", track).on("checkContinue", app);
  // Any other expectation is passed over, as RFC 9110 (10.1.1) allows; Node by itself would answer a bare
  // 417.
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
 * Closes the connection when the rest of the body does not come in time. Node reads it to its end before it
 * reads the next request, for as long as that takes.
 */
function endUnread(request: IncomingMessage, ms: number): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => request.socket.destroy(), ms).unref();
  request.once("end", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
}

/**
 * For this long a draining server still answers on connections that it has, each time telling the client to
 * close. To close them at once would reset a request that is on its way; a client in use learns it from its
 * next answer instead.
 */
const GRACE_MS = 1_000;
const LAST_WORDS_MS = 200;

async function close(
  server: Server,
  underWay: ReadonlySet<ServerResponse>,
  deadlineMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  // Stops listening; http's own close would end idle connections as well.
  NetServer.prototype.close.call(server);
  for (const response of underWay) response.shouldKeepAlive = false;
  const grace = setTimeout(() => server.closeIdleConnections(), Math.min(GRACE_MS, deadlineMs / 4));
  const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  // A response learns of its connection's end a little later, and its line in the log with it. One that stood
  // in a pipeline behind another never does, hence the bound.
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

/**
 * Calls `stop` at the first SIGTERM or SIGINT, or when the parent process that started this one over IPC has
 * died; a second signal ends the process at once.
 */
export function onStopRequest(stop: (reason: string) => void): void {
  let isStopping = false;
  const request = (reason: string) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    stop(reason);
  };
  process.on("SIGTERM", () => request("SIGTERM"));
  process.on("SIGINT", () => request("SIGINT"));
  // A parent that closes the channel on purpose after a signal must not count as the second one.
  const onDisconnect = () => {
    if (!isStopping) request("parent gone");
  };
  process.on("disconnect", onDisconnect);
  if (process.connected === false) onDisconnect(); // the parent died while this process was starting
}

/**
 * Responds to what never becomes a request (a malformed head, one that is too large or comes too slowly) by a
 * problem document like every other refusal, and closes the connection. Node by itself would send a bare
 * status line.
 */
export function answerNotHttp(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, stream) => {
    // Node's own handler asks the same.
    const socket = stream as Socket & { readonly _httpMessage?: { readonly headersSent: boolean } };
    const hasAnswer = socket._httpMessage?.headersSent === true;
    if (socket.writable && !hasAnswer && error.code !== "ECONNRESET") socket.write(answerTo(error.code));
    socket.destroySoon();
  });
}

/** What is told of an error of Node's parser, by its code. */
const REFUSALS: Readonly<Record<string, readonly [ErrorCode, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ["headers_too_large", "The request's first line and headers are larger than 16 KiB."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [
    "body_too_large",
    "The extensions of the body's chunks are larger than 16 KiB.",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["request_timeout", "The request's headers did not come in time."],
  HPE_INVALID_EOF_STATE: ["invalid_request", "The request ended before its body did."],
};
const NOT_HTTP = ["invalid_request", "This is not a well-formed HTTP request."] as const;

function answerTo(code = ""): string {
  const requestId = randomUUID();
  const error = new DomainError(...(REFUSALS[code] ?? NOT_HTTP));
  const refusal = refuse(error, { requestId, path: "", now: Date.now() });
  const body = JSON.stringify(refusal.body);
  const headers = {
    ...refusal.headers,
    "Content-Type": "application/problem+json; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    "X-Request-Id": requestId,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join("")}\r\n${body}`;
}
