import type { IncomingMessage } from "node:http";
import { DomainError } from "@drover/core";

/** More header lines than any client sends. Node by itself passes over those past the thousandth. */
const MAX_HEADERS = 100;

/**
 * Refuses a request that two servers in a row could read in two ways, or that has more than 100 header lines,
 * before anything of it is believed. What breaks the framing itself Node's parser has refused already: two
 * lengths, a length beside chunks, folded lines, line ends without CR, chunks that lie.
 * @throws `invalid_request`, `headers_too_large`.
 */
export function assertUnambiguous(request: IncomingMessage): void {
  const { rawHeaders } = request;
  if (rawHeaders.length > 2 * MAX_HEADERS) {
    throw new DomainError(
      "headers_too_large",
      `The request has ${rawHeaders.length / 2} headers; at most ${MAX_HEADERS} are read.`,
    );
  }
  const reason = ambiguityOf(request);
  if (reason !== undefined) throw new DomainError("invalid_request", `The request is ambiguous: ${reason}.`);
}

function ambiguityOf({ headers, rawHeaders, httpVersion, url = "" }: IncomingMessage): string | undefined {
  const hosts = countOf("host", rawHeaders);
  if (hosts > 1) return "it has more than one Host";
  if (hosts === 0 && httpVersion === "1.1") return "HTTP/1.1 without Host"; // RFC 9112, 3.2
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked") return "a Transfer-Encoding beside chunked";
  if (url.startsWith("/") || url === "*") return undefined;
  return isUrlOf(headers.host, url) ? undefined : "its target is neither a path nor a URL of its Host";
}

/** Node keeps the first of several and drops the others without a word. */
function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] ?? "";
    if (sent.length === name.length && sent.toLowerCase() === name) count++;
  }
  return count;
}

/** The form that proxies are sent (RFC 9112, 3.2.2): its host counts, and not the one in `Host`. */
function isUrlOf(host: string | undefined, target: string): boolean {
  if (!URL.canParse(target) || !URL.canParse(`http://${host}`)) return false;
  const url = new URL(target);
  const isHttp = url.protocol === "http:" || url.protocol === "https:";
  return isHttp && url.username === "" && url.password === "" && url.host === new URL(`http://${host}`).host;
}
