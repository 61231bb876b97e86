import type { IncomingMessage } from "node:http";

/**
 * Whether the client's `If-None-Match` names the tag (RFC 9110, section 13.1.2, weak comparison). The request's `Cache-Control` does not
 * count: it is for caches on the way, and every `fetch` that sets `If-None-Match` itself also says `no-cache`.
 */
export function hasCurrent(request: IncomingMessage, etag: string): boolean {
  const header = request.headers["if-none-match"];
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  const bare = (tag: string) => tag.trim().replace(/^W\//, "");
  return header.split(",").some((tag) => bare(tag) === bare(etag));
}
