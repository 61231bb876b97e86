import { readFile } from "node:fs/promises";
import { createBullBoard } from "@bull-board/api";
import type { BaseAdapter } from "@bull-board/api/baseAdapter";
import { ExpressAdapter } from "@bull-board/express";
import { DomainError, type LogLine } from "@drover/core";
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
    options: {
      uiConfig: {
        boardTitle: "Drover",
        hideDocsLink: true, // Bull Board's, on another site
      },
    },
  });
  const router: Express = adapter.getRouter();
  router.engine("ejs", renderPage);
  const shown = new Set<string>();
  const follow: RequestHandler = async (_request, _response, next) => {
    await deps.queue.health.ping(); // the board would wait for Redis for ever; this throws
    for (const { name } of deps.processors.known) {
      if (shown.has(name)) continue;
      board.addQueue(withReadableLogs(options.queueOf(name)));
      shown.add(name);
    }
    next();
  };
  app.use(PATH, guard(options.adminKey), follow, router);
}

/** Shows each log line as text; the queue keeps it as JSON. */
function withReadableLogs(queue: BaseAdapter): BaseAdapter {
  const stored = queue.getJobLogs.bind(queue);
  queue.getJobLogs = async (id) => (await stored(id)).map(logText);
  return queue;
}

function logText(json: string): string {
  try {
    const { at, attempt, level, message } = JSON.parse(json) as LogLine; // as the queue writes it
    return `${new Date(at).toISOString()} attempt ${attempt} ${level.toUpperCase()} ${message}`;
  } catch {
    return json; // damaged: as it is
  }
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

/**
 * Fills in the board's one page, in the place of its template engine, which prints a deprecation notice of its own with every look.
 * Drops the line that names a font server: the page works offline then, and tells nobody who looks at it.
 * Fails when a newer page holds more than placeholders.
 */
function renderPage(file: string, values: object, done: (error: unknown, page?: string) => void): void {
  readFile(file, "utf8").then((template) => done(null, fillIn(template, values)), done);
}

function fillIn(template: string, values: object): string {
  const members = new Map(Object.entries(values));
  const page = template
    .replaceAll(/<link[^>]+fonts\.googleapis\.com[^>]*>/g, "")
    .replaceAll(/<%([=-])\s*(\w+)\s*%>/g, (_, kind: string, name: string) => {
      const text = String(members.get(name) ?? "");
      return kind === "=" ? escapeHtml(text) : text;
    });
  if (page.includes("<%")) throw new Error("The board's page has a placeholder that is not known.");
  return page;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
