import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type Caller,
  type EventSink,
  type Log,
  type LogFields,
  parseTraceContext,
  type TraceContext,
  traceIdOf,
} from "@drover/core";
import type { RequestHandler } from "express";
import { clientAddress } from "../access/client-address.js";

/** What a request collects on its way, for its one line in the log. */
export interface RequestScope {
  readonly requestId: string;
  /** Without the query. */
  readonly path: string;
  /** Template of the path, once it is known. */
  route?: string;
  /** Whether the request asked to be held open. */
  isHeld?: boolean;
  fields: LogFields;
  /** Known once the request was let pass to its route. */
  caller?: Caller;
  /** What a job is handed on that the request makes: as its headers say, or its span. */
  trace: TraceContext | undefined;
  /** Why it was refused, as the problem document says. */
  refusal?: { readonly code: string; readonly detail: string };
}

const SCOPE = Symbol("scope of a request");
type Scoped = ServerResponse & { [SCOPE]?: RequestScope };

/** The request's scope. Every response has one, set by `openScope`. */
export function scopeOf(response: ServerResponse): RequestScope {
  const scope = (response as Scoped)[SCOPE];
  if (scope === undefined) throw new TypeError("The response has no scope: openScope comes first.");
  return scope;
}

/**
 * Gives a request an id (the client's own when it is sane) and writes its line when it is over. Unexpected
 * trouble is an error; a refused input and a 503 are warnings; a 404, a 409 and the like are information; the
 * rest is debug, except that what changes something is information.
 */
export function openScope(
  request: IncomingMessage,
  response: ServerResponse,
  { log, events }: { readonly log: Log; readonly events: EventSink },
): void {
  const sent = request.headers["x-request-id"];
  const isSane = typeof sent === "string" && /^[A-Za-z0-9._-]{1,128}$/.test(sent);
  const requestId = isSane ? sent : randomUUID();
  const trace = traceOf(request);
  const fields = {
    client_address: clientAddress(request),
    ...(trace === undefined ? {} : { trace_id: traceIdOf(trace) }),
  };
  (response as Scoped)[SCOPE] = { requestId, path: pathOf(request), fields, trace };
  response.setHeader("X-Request-Id", requestId);
  const startedAt = performance.now();
  response.once("close", () => {
    const durationMs = performance.now() - startedAt;
    writeLine(log, request, response, durationMs);
    tell(events, request, response, durationMs);
  });
}

function traceOf({ headers }: IncomingMessage): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== "string") return undefined; // most requests
  return parseTraceContext(traceparent, Array.isArray(tracestate) ? tracestate.join(",") : tracestate);
}

/** The path of the request's target, at most 500 characters of it; of a URL nothing else, which can be a secret. */
function pathOf({ url = "" }: IncomingMessage): string {
  if (url.startsWith("/")) return (url.split("?", 1)[0] ?? "").slice(0, 500);
  return URL.canParse(url) ? new URL(url).pathname.slice(0, 500) : "";
}

/** Names the route of a request by its template. */
export function nameRoute(template: string): RequestHandler {
  return (_request, response, next) => {
    scopeOf(response).route = template;
    next();
  };
}

function tell(
  events: EventSink,
  { method = "" }: IncomingMessage,
  response: ServerResponse,
  durationMs: number,
): void {
  const { route, isHeld, refusal } = scopeOf(response);
  const isGone = !response.writableFinished && refusal === undefined;
  events.emit("request.ended", {
    method,
    route,
    status: isGone ? undefined : response.statusCode,
    durationMs: isHeld === true || isGone ? undefined : durationMs,
  });
}

function writeLine(log: Log, request: IncomingMessage, response: ServerResponse, durationMs: number): void {
  const scope = scopeOf(response);
  const { refusal } = scope;
  // A client may hang up as soon as it has read a refusal, before its own body is over: it has its answer all
  // the same.
  const isGone = !response.writableFinished && refusal === undefined;
  const status = response.statusCode;
  const message = `${request.method} ${scope.path} ${isGone ? "client gone" : status}`;
  const fields = {
    request_id: scope.requestId,
    ...scope.fields,
    ...(isGone ? {} : { status }),
    duration_ms: Math.round(durationMs * 10) / 10,
    ...refusal,
  };
  const isUnexpected = refusal?.code === "internal"; // also after a 200 had gone out
  log[isUnexpected ? "error" : levelOf(request.method ?? "", status, isGone)](message, fields);
}

const REJECTED_INPUT: ReadonlySet<number> = new Set([400, 408, 413, 415, 422, 431]);

function levelOf(method: string, status: number, isGone: boolean): keyof Log {
  if (isGone) return "info";
  if (status >= 500 || REJECTED_INPUT.has(status)) return "warn";
  if (status >= 400) return "info";
  return method === "GET" || method === "HEAD" ? "debug" : "info";
}
