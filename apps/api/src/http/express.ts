import { type Route, type RouteName, routes } from "@drover/contract";
import { type AuditedAction, DEFAULT_TENANT, DomainError } from "@drover/core";
import express, { type Express, type Request, type RequestHandler } from "express";
import { isAudited, noteAction } from "../access/audit.js";
import { admitCaller } from "../access/callers.js";
import { clientAddress } from "../access/client-address.js";
import { depsFor } from "../access/tenants.js";
import type { Deps } from "../deps.js";
import { receiverFor } from "../uploads/multipart.js";
import { watchStall } from "../uploads/upload.js";
import type { Handlers, Reply } from "./handler.js";
import { assertPlainJson } from "./plain-json.js";
import { nameRoute, type RequestScope, scopeOf } from "./request-scope.js";
import { inRequestSpan } from "./request-span.js";
import { type AnyHandler, inputOf, noteJob, parse } from "./route-input.js";
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
    const verb = route.method.toLowerCase() as "get" | "post" | "put" | "patch" | "delete";
    const parser = bodyParser(route, deps.limits.uploadStallMs);
    app[verb](
      path,
      nameRoute(route.path),
      admit(route, deps),
      ...parser,
      adapt({ name, route, handler: handlers[name] }, deps),
    );
  }
  for (const [path, allowed] of methods) allowOnly(app, path, allowed);
}

/**
 * Responds to the methods that a path has not got: 204 to OPTIONS, else 405; both with `Allow`. To be called
 * after the path's own handlers.
 */
export function allowOnly(app: Express, path: string, methods: readonly string[]): void {
  const allow = [...methods, "OPTIONS"].join(", ");
  app.all(path, nameRoute(path.replace(/:(\w+)/g, "{$1}")), (request, response) => {
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
  return [readBody(parseJson, stallMs)];
}

/**
 * Has a body read by one of Express' parsers, while it keeps coming.
 * @param stallMs as `Limits.uploadStallMs`.
 */
export function readBody(parse: RequestHandler, stallMs: number): RequestHandler {
  return (request, response, next) => {
    if (request.headers.expect !== undefined) response.writeContinue();
    let isOver = false;
    const end = (error?: unknown) => {
      if (isOver) return; // the parser goes on waiting for a body that was given up
      isOver = true;
      stopStallWatch();
      next(error);
    };
    const stopStallWatch = watchStall(request, stallMs, end);
    parse(request, response, end);
  };
}

/** Comes before the body is read: of who may not call, nothing is taken in. */
function admit(route: Route, { callers, tenantLimits }: Deps): RequestHandler {
  return async (request, response, next) => {
    const { job_id } = request.params;
    const caller = await admitCaller(route, request, response, {
      callers,
      jobId: typeof job_id === "string" ? job_id : undefined,
    });
    if (isCounted(route)) await tenantLimits.countRequest(caller, clientAddress(request), response);
    next();
  };
}

/** What admins alone may call is not: a limit of their own tenant would keep them from lifting it. */
function isCounted({ access }: Route): boolean {
  return access !== "anyone" && access !== "admin";
}

interface Mounted {
  readonly name: RouteName;
  readonly route: Route;
  readonly handler: unknown;
}

function adapt({ name, route, handler }: Mounted, deps: Deps): RequestHandler {
  const handle = handler as AnyHandler;
  return async (request, response) => {
    const receiver = () =>
      receiverFor(request, response, { store: deps.store, stallMs: deps.limits.uploadStallMs });
    const { params } = request;
    const scope = scopeOf(response);
    const { caller } = scope;
    if (caller === undefined) throw new TypeError(`${route.path} has no access rule.`);
    const body = bodyOf(route, request);
    const input = inputOf(route, request, response, { caller, params, body, receiver });
    const reply = await inRequestSpan(route, request, scope, () => handle(input, depsFor(caller, deps)));
    if (isAudited(name, route, caller))
      await noteAction({ at: deps.now(), action: name, ...actorOf(request, scope), ...madeBy(reply) }, deps);
    if (reply.kind === "events") scope.isHeld = true;
    noteJob(reply, response);
    await sendReply(reply, request, response, deps);
  };
}

/** What a request made, where its path does not tell. */
function madeBy(reply: Reply): Pick<AuditedAction, "target"> | undefined {
  const location = reply.kind === "json" && reply.status === 201 ? reply.headers?.Location : undefined;
  return location === undefined ? undefined : { target: location };
}

/** Who does something, to what and from where. */
export function actorOf(
  request: Request,
  { caller, path, requestId }: RequestScope,
): Omit<AuditedAction, "at" | "action"> {
  const { tenant = DEFAULT_TENANT, keyId = null } = caller ?? {};
  const address = clientAddress(request);
  return { tenant, keyId, address, target: path, requestId };
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
