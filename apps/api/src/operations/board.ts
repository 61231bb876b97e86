import { DomainError } from "@drover/core";
import type { Express, Request, RequestHandler } from "express";
import { admitToBoard } from "../access/admin-access.js";
import { noteAction } from "../access/audit.js";
import { assertOwnPage } from "../access/cross-origin.js";
import { signInAddress } from "../access/sign-in.js";
import type { Deps } from "../deps.js";
import { actorOf, onFirstUse } from "../http/express.js";
import { nameRoute, scopeOf } from "../http/request-scope.js";
import type { BoardOptions } from "./board-router.js";

const PATH = "/admin/queues";
const READING = ["GET", "HEAD"];
const WRITING = ["PUT", "POST", "PATCH", "DELETE"];

type BoardDeps = Pick<Deps, "processors" | "queue" | "callers" | "log" | "now">;

/**
 * Mounts Bull Board, which has no authentication of its own: for operators only, and for reading only unless
 * they were given more (a PUT of its API can erase a queue). It is loaded with the first look at it.
 */
export function mountBoard(app: Express, options: BoardOptions, deps: BoardDeps): void {
  const router = onFirstUse(async () => {
    const { createBoardRouter } = await import("./board-router.js");
    return createBoardRouter(PATH, options.queueOf, deps);
  });
  app.use(PATH, nameRoute(PATH), admit(deps), guardChanges(options.isWritable, deps), router);
}

/** Lets operators pass. People with a browser are led to the page where they sign in. */
function admit({ callers }: BoardDeps): RequestHandler {
  return async (request, response, next) => {
    const scope = scopeOf(response);
    try {
      scope.caller = await admitToBoard(request, callers);
    } catch (error) {
      const isUnknown = error instanceof DomainError && error.code === "unauthorized";
      if (!isUnknown || !isOfPerson(request)) throw error;
      response.set("Cache-Control", "no-store").redirect(303, signInAddress(request.originalUrl));
      return;
    }
    const { tenant, keyId } = scope.caller;
    if (keyId !== null) scope.fields = { ...scope.fields, tenant, key_id: keyId };
    next();
  };
}

/** Whether a browser asks for a page, with no key of its own that it would have to be told of. */
function isOfPerson({ method, headers }: Request): boolean {
  const hasKey = headers.authorization !== undefined || headers["x-api-key"] !== undefined;
  return method === "GET" && !hasKey && headers.accept?.includes("text/html") === true;
}

/** Refuses changes unless they are allowed; those that were made stand in the audit log. */
function guardChanges(isWritable: boolean, deps: BoardDeps): RequestHandler {
  const allowed = isWritable ? [...READING, ...WRITING] : READING;
  return (request, response, next) => {
    if (!allowed.includes(request.method)) {
      response.set("Allow", allowed.join(", "));
      const detail = isWritable
        ? `${request.method} is not possible here.`
        : "The operators' board is for reading only; DROVER_DASHBOARD_WRITE=1 changes that.";
      throw new DomainError("method_not_allowed", detail);
    }
    if (WRITING.includes(request.method)) {
      assertOwnPage(request);
      response.once("finish", () => {
        if (response.statusCode >= 400) return;
        const actor = actorOf(request, scopeOf(response));
        void noteAction({ at: deps.now(), action: "changeBoard", ...actor }, deps); // logs what goes wrong
      });
    }
    next();
  };
}
