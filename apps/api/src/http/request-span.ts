import type { Route } from "@drover/contract";
import { ERRORS } from "@drover/core";
import { inServerSpan, type OpenSpan } from "@drover/tracing";
import type { Request } from "express";
import { ClientGone } from "../uploads/upload.js";
import type { Reply } from "./handler.js";
import { toDomainError } from "./problem.js";
import type { RequestScope } from "./request-scope.js";

/**
 * Answers a request in a span of its own, unless it only reads: polls are many and make nothing. What the
 * request is part of, and its span, are in its scope from then on, for its log line and for the job.
 *
 * Names and attributes are those of OpenTelemetry's conventions for HTTP servers:
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 */
export async function inRequestSpan(
  route: Route,
  request: Request,
  scope: RequestScope,
  answer: () => Promise<Reply>,
): Promise<Reply> {
  if (route.method === "GET") return answer();
  const options = {
    name: `${route.method} ${route.path}`,
    headers: request.headers,
    received: scope.trace,
    attributes: {
      "http.request.method": route.method,
      "http.route": route.path,
      "url.path": scope.path,
      "url.scheme": request.protocol,
      "drover.request_id": scope.requestId,
    },
  };
  const ended = await inServerSpan(options, async (span) => {
    scope.trace = span.trace;
    scope.fields = { ...scope.fields, ...span.fields };
    try {
      const reply = await answer();
      if ("status" in reply) span.set({ [STATUS]: reply.status });
      return { reply };
    } catch (error) {
      noteRefusal(span, error);
      return { error };
    }
  });
  if ("error" in ended) throw ended.error;
  return ended.reply;
}

const STATUS = "http.response.status_code";

/** A refused request is no error of the server: its span is not marked as one, says the convention. */
function noteRefusal(span: OpenSpan, error: unknown): void {
  if (error instanceof ClientGone) return span.fail("client_gone");
  const { code } = toDomainError(error);
  const { status } = ERRORS[code];
  span.set({ [STATUS]: status, "drover.error_code": code });
  if (status >= 500) span.fail(code);
}
