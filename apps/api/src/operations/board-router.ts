import { readFile } from "node:fs/promises";
import { createBullBoard } from "@bull-board/api";
import type { BaseAdapter } from "@bull-board/api/baseAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { LogLine } from "@drover/core";
import { type Express, type RequestHandler, Router } from "express";
import type { Deps } from "../deps.js";
import { escapeHtml } from "../http/html-text.js";

export interface BoardOptions {
  /** Whether operators may change queues there, as `queueOf` has it too. */
  readonly isWritable: boolean;
  /** Resolves with Bull Board's view of one processor's queue. */
  readonly queueOf: (processor: string) => Promise<BaseAdapter>;
}

/**
 * Returns Bull Board under `path`. Processors that appear in the catalogue join it with the next look at it.
 */
export function createBoardRouter(
  path: string,
  queueOf: BoardOptions["queueOf"],
  deps: Pick<Deps, "processors" | "queue">,
): RequestHandler {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(path);
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: "Drover",
        hideDocsLink: true, // Bull Board's, on another site
        miscLinks: [{ text: "Sign in or out", url: "/sign-in" }],
      },
    },
  });
  const pages: Express = adapter.getRouter();
  pages.engine("ejs", renderPage);
  const shown = new Set<string>();
  const follow: RequestHandler = async (_request, _response, next) => {
    await deps.queue.health.ping(); // the board would wait for Redis for ever; this throws
    for (const { name } of deps.processors.known) {
      if (shown.has(name)) continue;
      const queue = await queueOf(name);
      if (!shown.has(name)) board.addQueue(withReadableLogs(queue));
      shown.add(name);
    }
    next();
  };
  return Router().use(follow, pages);
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

/**
 * Fills in the board's one page, in the place of its template engine, which prints a deprecation notice of
 * its own with every look. Drops the line that names a font server: the page works offline then, and tells
 * nobody who looks at it. Fails when a newer page holds more than placeholders.
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
