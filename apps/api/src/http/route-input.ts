import type { IncomingMessage, ServerResponse } from "node:http";
import { decodeQuery, type Route } from "@drover/contract";
import { type Caller, DomainError } from "@drover/core";
import { z } from "zod";
import { TOKEN_PARAMETER } from "../access/presented-key.js";
import type { Deps } from "../deps.js";
import type { Receive } from "../uploads/upload.js";
import type { Reply } from "./handler.js";
import { asksToBeHeld } from "./held-requests.js";
import { assertPlainJson } from "./plain-json.js";
import { issuesOf } from "./problem.js";
import { scopeOf } from "./request-scope.js";

/**
 * A handler as it is called for a route of the table. Each member of its input is parsed by the same route,
 * which the compiler cannot follow through the loop.
 */
export type AnyHandler<R extends Reply = Reply> = (input: unknown, deps: Deps) => Promise<R>;

interface InputParts {
  readonly caller: Caller;
  /** As they stand in the path, percent-decoded. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Parsed JSON. */
  readonly body?: unknown;
  /** Makes the `Receive` of a route that takes a file. */
  readonly receiver?: () => Receive;
}

/**
 * What the route's handler sees of a request; names its job in the request's line of the log.
 * @throws `invalid_request` for a query that the route refuses.
 */
export function inputOf(
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  { caller, params, body, receiver }: InputParts,
): unknown {
  const scope = scopeOf(response);
  const jobId = params["job_id"];
  if (jobId !== undefined) scope.fields = { ...scope.fields, job_id: String(jobId) };
  const query = queryOf(route, request);
  scope.isHeld = asksToBeHeld(request, query);
  return {
    params,
    query,
    body,
    requestId: scope.requestId,
    caller,
    get trace() {
      return scope.trace;
    },
    // Made for the handlers that ask: most requests are polls, which do not.
    get headers() {
      return headersOf(request);
    },
    get receive() {
      return receiver?.();
    },
    get signal() {
      return goneSignal(response);
    },
  };
}

const NO_QUERY = z.strictObject({});

/** The members of the query, `undefined` for a route that takes none. */
function queryOf({ query: schema, takesJobToken }: Route, { url = "" }: IncomingMessage): unknown {
  const mark = url.indexOf("?");
  if (schema === undefined && mark === -1) return undefined; // most requests
  const search = new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1));
  if (takesJobToken === true) search.delete(TOKEN_PARAMETER); // told who the caller is, and is nothing else
  const query = decodeQuery(search);
  assertPlainJson(query, "query");
  const parsed = parse(schema ?? NO_QUERY, query, "query");
  return schema === undefined ? undefined : parsed;
}

/** @throws `invalid_request` that names each member which the schema refuses, as `query.limit`. */
export function parse(schema: z.ZodType, value: unknown, place: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = issuesOf(parsed.error, place);
  const summary = errors.map(({ path, message }) => `${path} ${message}`).join("; ");
  throw new DomainError("invalid_request", `The request is wrong: ${summary}`, { errors });
}

function headersOf(request: IncomingMessage): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
}

/** Aborted when the connection closes before the answer is out, or has closed. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** A job that this request made is named in its log line. */
export function noteJob(reply: Reply, response: ServerResponse): void {
  if (reply.kind !== "json" || typeof reply.body !== "object" || reply.body === null) return;
  if (!("job_id" in reply.body) || typeof reply.body.job_id !== "string") return;
  const processor =
    "processor" in reply.body && typeof reply.body.processor === "string"
      ? { processor: reply.body.processor }
      : {};
  const scope = scopeOf(response);
  scope.fields = { ...scope.fields, job_id: reply.body.job_id, ...processor, ...reply.noted };
}
