import { decodeQuery, type Route, type RouteName, routes } from "@drover/contract";
import { DomainError } from "@drover/core";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import type { z } from "zod";
import type { Deps } from "../deps.js";
import { receiverFor } from "../uploads/multipart.js";
import { watchStall } from "../uploads/upload.js";
import type { Handlers, Reply } from "./handler.js";
import { assertPlainJson } from "./plain-json.js";
import { issuesOf } from "./problem.js";
import { scopeOf } from "./request-scope.js";
import { inRequestSpan } from "./request-span.js";
import { sendReply } from "./send.js";

const MAX_JSON_BYTES = 16 * 1024;

/**
 * Mounts every route of the table on its handler, and a 405 with `Allow` on each path for the other methods.
 */
export function mountRoutes(app: Express, handlers: Handlers, deps: Deps): void {
  const methods = new Map<string, string[]>();
  for (const [name, route] of Object.entries(routes) as [RouteName, Route][]) {
    const path = route.path.replace(/\{(\w+)\}/g, ":$1");
    methods.set(path, [
      ...(methods.get(path) ?? []),
      ...(route.method === "GET" ? ["GET", "HEAD"] : [route.method]),
    ]);
    const verb = route.method.toLowerCase() as "get" | "post" | "delete";
    app[verb](path, ...bodyParser(route, deps.limits.uploadStallMs), adapt(route, handlers[name], deps));
  }
  for (const [path, allowed] of methods) allowOnly(app, path, allowed);
}

/**
 * Responds to the methods that a path has not got: 204 to OPTIONS, else 405; both with `Allow`. To be called
 * after the path's own handlers.
 */
export function allowOnly(app: Express, path: string, methods: readonly string[]): void {
  const allow = [...methods, "OPTIONS"].join(", ");
  app.all(path, (request, response) => {
    response.set("Allow", allow);
    if (request.method === "OPTIONS") {
      response.status(204).end();
      return;
    }
    throw new DomainError("method_not_allowed", `${request.method} is not possible here; ${allow} are.`);
  });
}

function bodyParser(route: Route, stallMs: number): RequestHandler[] {
  if (route.body?.mediaType !== "application/json") return [];
  const parseJson = express.json({ limit: MAX_JSON_BYTES, type: ["application/json", "application/*+json"] });
  return [
    (request, response, next) => {
      if (request.headers.expect !== undefined) response.writeContinue();
      let isOver = false;
      const end = (error?: unknown) => {
        if (isOver) return; // the parser goes on waiting for a body that was given up
        isOver = true;
        stopStallWatch();
        next(error);
      };
      const stopStallWatch = watchStall(request, stallMs, end);
      parseJson(request, response, end);
    },
  ];
}

/**
 * `adapt` parses each member by the same route whose handler it calls, which the compiler cannot follow
 * through the loop.
 */
type AnyHandler = (input: unknown, deps: Deps) => Promise<Reply>;

function adapt(route: Route, handler: unknown, deps: Deps): RequestHandler {
  const handle = handler as AnyHandler;
  return async (request, response) => {
    const scope = scopeOf(response);
    const jobId = request.params["job_id"];
    if (jobId !== undefined) scope.fields = { ...scope.fields, job_id: String(jobId) };
    const input = {
      params: request.params,
      query: route.query === undefined ? undefined : parse(route.query, queryOf(request), "query"),
      body: bodyOf(route, request),
      requestId: scope.requestId,
      get trace() {
        return scope.trace;
      },
      // Made for the handlers that ask: most requests are polls, which do not.
      get headers() {
        return headersOf(request);
      },
      get receive() {
        return receiverFor(request, response, { store: deps.store, stallMs: deps.limits.uploadStallMs });
      },
      get signal() {
        return goneSignal(response);
      },
    };
    const reply = await inRequestSpan(route, request, scope, () => handle(input, deps));
    noteJob(reply, response);
    await sendReply(reply, request, response, deps);
  };
}

function queryOf(request: Request): unknown {
  const mark = request.url.indexOf("?");
  return decodeQuery(new URLSearchParams(mark === -1 ? "" : request.url.slice(mark + 1)));
}

function bodyOf(route: Route, request: Request): unknown {
  if (route.body?.mediaType !== "application/json") return undefined;
  if (request.body !== undefined) {
    assertPlainJson(request.body, "body");
    return parse(route.body.schema, request.body, "body");
  }
  const isEmpty =
    request.headers["transfer-encoding"] === undefined &&
    Number(request.headers["content-length"] ?? 0) === 0;
  if (isEmpty && !route.body.isRequired) return undefined;
  throw new DomainError("invalid_request", "The body must be JSON, sent as application/json.");
}

function parse(schema: z.ZodType, value: unknown, place: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = issuesOf(parsed.error, place);
  const summary = errors.map(({ path, message }) => `${path} ${message}`).join("; ");
  throw new DomainError("invalid_request", `The request is wrong: ${summary}`, { errors });
}

function headersOf(request: Request): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
}

/** Aborted when the connection closes before the answer is out, or has closed. */
function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** A job that this request made is named in its log line. */
function noteJob(reply: Reply, response: Response): void {
  if (reply.kind !== "json" || typeof reply.body !== "object" || reply.body === null) return;
  if (!("job_id" in reply.body) || typeof reply.body.job_id !== "string") return;
  const processor =
    "processor" in reply.body && typeof reply.body.processor === "string"
      ? { processor: reply.body.processor }
      : {};
  const scope = scopeOf(response);
  scope.fields = { ...scope.fields, job_id: reply.body.job_id, ...processor, ...reply.noted };
}

/**
 * Returns a handler that is made with the first request. What only a few requests need is loaded then, and
 * not at the start of the process. A load that fails is tried again with the next request.
 */
export function onFirstUse(load: () => Promise<RequestHandler>): RequestHandler {
  let loading: Promise<RequestHandler> | undefined;
  return async (request, response, next) => {
    loading ??= load();
    const handler = await loading.catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    await handler(request, response, next);
  };
}
