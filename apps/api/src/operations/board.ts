import { DomainError } from "@drover/core";
import type { Express, RequestHandler } from "express";
import { admitToBoard } from "../access/admin-access.js";
import type { Callers } from "../access/callers.js";
import type { Deps } from "../deps.js";
import { onFirstUse } from "../http/express.js";
import { nameRoute } from "../http/request-scope.js";
import type { BoardOptions } from "./board-router.js";

const PATH = "/admin/queues";

/**
 * Mounts Bull Board, which has no authentication of its own: for operators only, and for reading only (an
 * unauthenticated PUT of its API can erase a queue). It is loaded with the first look at it.
 */
export function mountBoard(
  app: Express,
  options: BoardOptions,
  deps: Pick<Deps, "processors" | "queue" | "callers">,
): void {
  const router = onFirstUse(async () => {
    const { createBoardRouter } = await import("./board-router.js");
    return createBoardRouter(PATH, options.queueOf, deps);
  });
  app.use(PATH, nameRoute(PATH), guard(deps.callers), router);
}

function guard(callers: Callers): RequestHandler {
  return async (request, response, next) => {
    await admitToBoard({ remoteAddress: request.socket.remoteAddress, headers: request.headers }, callers);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.set("Allow", "GET, HEAD");
      throw new DomainError("method_not_allowed", "The operators' board is for reading only.");
    }
    next();
  };
}
