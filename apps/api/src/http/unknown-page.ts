import type { IncomingMessage } from "node:http";
import type { Request, Response } from "express";
import { escapeHtml } from "./html-text.js";
import { scopeOf } from "./request-scope.js";

/**
 * Whether who asked would rather read a page than JSON: a browser whose user opened an address. curl, `fetch` and
 * most libraries take anything, and get JSON.
 */
export function wantsPage(request: Request): boolean {
  return (
    isRead(request) &&
    request.accepts(["application/problem+json", "application/json", "text/html"]) === "text/html"
  );
}

function isRead({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

/** Writes the page, status 404, of an address at which there is nothing. */
export function sendUnknownPage(request: Request, response: Response): void {
  const scope = scopeOf(response);
  scope.refusal = { code: "route_not_found", detail: "The browser got a page that says so." };
  response.status(404).set("Cache-Control", "no-store").type("html");
  response.send(unknownPage(request.path.slice(0, 200), scope.requestId));
}

function unknownPage(path: string, requestId: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not found · Drover</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>There is nothing here</h1>
<p>This server has no page at <code>${escapeHtml(path)}</code>. The address may be mistyped, or what it led to may
have been removed.</p>
<ul>
<li><a href="/">Start page</a></li>
<li><a href="/docs/">Reference of the API</a></li>
<li><a href="/admin/queues">Queues</a>, for operators</li>
</ul>
<p class="hint">Status 404, request <code>${escapeHtml(requestId)}</code></p>
</main>
</body>
</html>
`;
}

/** Colors have a contrast of 4.5 to 1 and more. */
const STYLE = `
:root { color-scheme: light dark; --page: #f4f5f7; --text: #1b1f24; --quiet: #57606a; --accent: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --text: #e6e9ec; --quiet: #a3adb8; --accent: #7ab8ff; } }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; max-width: 36rem; margin: 12vh auto 2rem; padding: 0 1.25rem; }
h1 { margin: 0 0 1rem; font-size: 1.75rem; line-height: 1.25; }
li { margin: 0.25rem 0; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
code { overflow-wrap: anywhere; }
.hint { margin-top: 2rem; color: var(--quiet); font-size: 0.875rem; }
`;
