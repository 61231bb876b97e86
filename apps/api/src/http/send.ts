import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Request, Response } from "express";
import type { Deps } from "../deps.js";
import { ClientGone } from "../uploads/upload.js";
import type { JsonReply, Reply } from "./handler.js";
import { whileHeld } from "./held-requests.js";
import { refuse } from "./problem.js";
import { scopeOf } from "./request-scope.js";
import { representationOfArchive } from "./send-archive.js";
import { representationOf } from "./send-artifact.js";
import { hasCurrent, sendBytes } from "./send-bytes.js";
import { sendEvents } from "./send-events.js";

/** Writes a handler's reply. JSON gets an ETag, and a 304 when the client has it already. */
export async function sendReply(
  reply: Reply,
  request: Request,
  response: Response,
  deps: Pick<Deps, "store" | "events">,
): Promise<void> {
  switch (reply.kind) {
    case "json":
      return sendJson(reply, request, response);
    case "empty":
      response.status(reply.status).end();
      return;
    case "events":
      return whileHeld(deps.events, "event_stream", () =>
        sendEvents(reply.events, request, response),
      ).finally(reply.end);
    case "artifact":
      return sendBytes(representationOf(reply.artifact, request, deps.store), request, response);
    case "archive":
      return sendBytes(representationOfArchive(reply.archive, deps.store), request, response);
  }
}

/** Writes JSON with its ETag, or a 304 when the client has it already. */
export function sendJson(reply: JsonReply, request: IncomingMessage, response: ServerResponse): void {
  const { bytes, etag } = bodyOf(reply.body);
  const headers: Record<string, string> = { "Cache-Control": "private, no-cache", ...reply.headers };
  if (reply.status === 200) {
    headers["ETag"] = etag;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (isRead && hasCurrent(request, etag)) {
      response.writeHead(304, headers).end();
      return;
    }
  }
  headers["Content-Type"] = "application/json; charset=utf-8";
  headers["Content-Length"] = String(bytes.length);
  response.writeHead(reply.status, headers).end(request.method === "HEAD" ? undefined : bytes);
}

interface JsonBody {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** What was made of a body, which nobody changes: a job that is polled is the same one again and again. */
const bodies = new WeakMap<object, JsonBody>();

function bodyOf(value: unknown): JsonBody {
  const known = typeof value === "object" && value !== null ? bodies.get(value) : undefined;
  if (known !== undefined) return known;
  const bytes = Buffer.from(JSON.stringify(value));
  const body = { bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"` };
  if (typeof value === "object" && value !== null) bodies.set(value, body);
  return body;
}

/**
 * Writes the problem document of a thrown value; when the answer has begun, cuts it off so that the client
 * sees that it is not whole.
 */
export function sendRefusal(
  thrown: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  deps: Pick<Deps, "log" | "now">,
): void {
  const scope = scopeOf(response);
  const refusal = refuse(thrown, { requestId: scope.requestId, path: scope.path, now: deps.now() });
  const isGone = thrown instanceof ClientGone;
  if (refusal.code === "internal" && !isGone) scope.fields = { ...scope.fields, error: thrown };
  if (!isGone) scope.refusal = { code: refusal.code, detail: refusal.body.detail };
  if (isGone || response.headersSent || request.socket.destroyed) {
    response.destroy();
    return;
  }
  response.statusCode = refusal.status;
  response.setHeaders(new Map(Object.entries(refusal.headers)));
  response.setHeader("Content-Type", "application/problem+json; charset=utf-8");
  endWhenRead(request, response, Buffer.from(JSON.stringify(refusal.body)));
}

/** How long a refused body is read to its end, so that its sender gets to read the answer. */
const LINGER_MS = 10_000;

/**
 * Writes the whole answer, and ends it when the request's body is over. To close a socket with unread bytes
 * in it makes the kernel send a reset, which can overtake the answer: the client would see a broken
 * connection instead of a 413.
 */
function endWhenRead(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  response.setHeader("Content-Length", String(body.length));
  if (!hasUnreadBody(request)) {
    response.end(request.method === "HEAD" ? undefined : body);
    return;
  }
  response.setHeader("Connection", "close");
  response.write(body);
  const timer = setTimeout(() => response.end(), LINGER_MS).unref();
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  request.once("end", end);
  request.once("close", end);
  request.resume();
}

function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.complete || request.readableEnded) return false;
  return (
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0
  );
}
