import { randomUUID } from "node:crypto";
import { type Log, type LogFields, parseTraceContext, type TraceContext, traceIdOf } from "@drover/core";
import type { Request, RequestHandler, Response } from "express";

/** What a request collects on its way, for its one line in the log. */
export interface RequestScope {
  readonly requestId: string;
  /** Without the query. */
  readonly path: string;
  fields: LogFields;
  /** What a job is handed on that the request makes: as its headers say, or its span. */
  trace: TraceContext | undefined;
  /** Why it was refused, as the problem document says. */
  refusal?: { readonly code: string; readonly detail: string };
}

/** The request's scope. Every response has one, set by `openScope`. */
export function scopeOf(response: Response): RequestScope {
  // Express's locals are untyped; openScope runs before everything else.
  return response.locals["scope"] as RequestScope;
}

/**
 * Gives each request an id (the client's own when it is sane) and writes its line when it is over. Unexpected
 * trouble is an error; a refused input and a 503 are warnings; a 404, a 409 and the like are information; the
 * rest is debug, except that what changes something is information.
 */
export function openScope(log: Log): RequestHandler {
  return (request, response, next) => {
    const sent = request.get("x-request-id");
    const requestId = sent !== undefined && /^[A-Za-z0-9._-]{1,128}$/.test(sent) ? sent : randomUUID();
    const trace = parseTraceContext(request.get("traceparent"), request.get("tracestate"));
    const fields = trace === undefined ? {} : { trace_id: traceIdOf(trace) };
    const scope: RequestScope = { requestId, path: request.path.slice(0, 500), fields, trace };
    response.locals["scope"] = scope;
    response.setHeader("X-Request-Id", requestId);
    const startedAt = performance.now();
    response.once("close", () => writeLine(log, request, response, performance.now() - startedAt));
    next();
  };
}

function writeLine(log: Log, request: Request, response: Response, durationMs: number): void {
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
  log[isUnexpected ? "error" : levelOf(request.method, status, isGone)](message, fields);
}

const REJECTED_INPUT: ReadonlySet<number> = new Set([400, 413, 415, 422]);

function levelOf(method: string, status: number, isGone: boolean): keyof Log {
  if (isGone) return "info";
  if (status >= 500 || REJECTED_INPUT.has(status)) return "warn";
  if (status >= 400) return "info";
  return method === "GET" || method === "HEAD" ? "debug" : "info";
}
