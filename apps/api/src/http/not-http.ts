import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { DomainError } from "@drover/core";
import { refuse } from "./problem.js";

/**
 * Answers what never becomes a request (a malformed head, one that is too large or comes too slowly) by a problem document like every
 * other refusal, and closes the connection. Node by itself would send a bare status line.
 */
export function answerNotHttp(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket & { readonly _httpMessage?: { readonly headersSent: boolean } }; // Node's own handler asks the same
    const hasAnswer = socket._httpMessage?.headersSent === true;
    if (socket.writable && !hasAnswer && error.code !== "ECONNRESET") socket.write(answerTo(error.code));
    socket.destroySoon();
  });
}

const DETAILS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "The request's first line and headers are larger than 16 KiB.",
  ERR_HTTP_REQUEST_TIMEOUT: "The request's headers did not come in time.",
  HPE_INVALID_EOF_STATE: "The request ended before its body did.",
};

function answerTo(code = ""): string {
  const requestId = randomUUID();
  const refusal = refuse(
    new DomainError("invalid_request", DETAILS[code] ?? "This is not a well-formed HTTP request."),
    { requestId, path: "", now: Date.now() },
  );
  const body = JSON.stringify(refusal.body);
  const headers = {
    ...refusal.headers,
    "Content-Type": "application/problem+json; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    "X-Request-Id": requestId,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${refusal.status} Bad Request\r\n${lines.join("")}\r\n${body}`;
}
