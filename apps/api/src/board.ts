import { createBullBoard } from "@bull-board/api";
import type { BaseAdapter } from "@bull-board/api/baseAdapter";
import { ExpressAdapter } from "@bull-board/express";
import { DomainError } from "@drover/core";
import type { Express, RequestHandler } from "express";
import { admits } from "./admin-access.js";
import type { Deps } from "./deps.js";

export interface BoardOptions {
  /** Opens the board from other hosts; `undefined` for this machine only. */
  readonly adminKey: string | undefined;
  /** Bull Board's view of one processor's queue. */
  readonly queueOf: (processor: string) => BaseAdapter;
}

const PATH = "/admin/queues";

/**
 * Mounts Bull Board, which has no authentication of its own: for operators only, and for reading only (an unauthenticated PUT of its
 * API can erase a queue). Processors that appear in the catalogue join the board with the next look at it.
 */
export function mountBoard(
  app: Express,
  options: BoardOptions,
  deps: Pick<Deps, "processors" | "queue">,
): void {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(PATH);
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: "Drover" } },
  });
  const shown = new Set<string>();
  const follow: RequestHandler = async (_request, _response, next) => {
    await deps.queue.health.ping(); // the board would wait for Redis for ever; this throws
    for (const { name } of deps.processors.known) {
      if (shown.has(name)) continue;
      board.addQueue(options.queueOf(name));
      shown.add(name);
    }
    next();
  };
  app.use(PATH, guard(options.adminKey), withoutForeignFonts, follow, adapter.getRouter());
}

function guard(adminKey: string | undefined): RequestHandler {
  return (request, response, next) => {
    const answer = admits(
      { remoteAddress: request.socket.remoteAddress, headers: request.headers },
      adminKey,
    );
    if (answer === "unauthorized") {
      response.set("WWW-Authenticate", 'Basic realm="Drover", charset="UTF-8"');
      throw new DomainError("unauthorized", "The operators' board needs the admin key.");
    }
    if (answer === "forbidden") {
      throw new DomainError(
        "forbidden",
        "Without DROVER_ADMIN_KEY the operators' board answers on loopback only.",
      );
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.set("Allow", "GET, HEAD");
      throw new DomainError("method_not_allowed", "The operators' board is for reading only.");
    }
    next();
  };
}

/** The board's page names a font server; without that line it works offline and tells nobody who looks at it. */
const withoutForeignFonts: RequestHandler = (_request, response, next) => {
  const send = response.send.bind(response);
  response.send = (body: unknown) =>
    send(typeof body === "string" ? body.replace(/<link[^>]+fonts\.googleapis\.com[^>]*>/g, "") : body);
  next();
};
