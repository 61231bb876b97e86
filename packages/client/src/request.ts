import { encodeQuery, pathOf, type Route, type RouteName, routes } from "@drover/contract";
import { problemOf, UnreachableError } from "./errors.js";

/** Where requests go. */
export interface Server {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly apiKey: string | undefined;
}

/** What a call of one endpoint says. */
export interface Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** A form is sent as multipart, anything else as JSON. */
  readonly body?: FormData | object;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for the whole answer, in ms; past it the server counts as unreachable. Default of `callJson`: 30,000, none for a form. */
  readonly timeoutMs?: number;
}

type OutputOf<A> = A extends { schema: { parse(data: unknown): infer Output } } ? Output : never;

/** The JSON that an endpoint answers when all goes well, by the contract's table. */
export type JsonOf<N extends RouteName> = (typeof routes)[N]["answers"] extends infer A
  ? { [S in keyof A]: S extends 200 | 202 ? OutputOf<A[S]> : never }[keyof A]
  : never;

const ANSWER_MS = 30_000;

/** Calls an endpoint and answers its JSON, checked against the contract. Throws `ProblemError` and `UnreachableError`. */
export async function callJson<N extends RouteName>(server: Server, name: N, call: Call): Promise<JsonOf<N>> {
  const isUpload = call.body instanceof FormData;
  const response = await send(server, name, isUpload ? call : { timeoutMs: ANSWER_MS, ...call });
  const route: Route = routes[name];
  const json = await response.json().catch((cause: unknown) => {
    throw unlessAborted(cause, call.signal, `${server.baseUrl} broke off its answer.`);
  });
  return route.answers[response.status]?.schema?.parse(json) as JsonOf<N>; // the schema of this very answer
}

/** Calls an endpoint and answers the response, its body unread. Throws `ProblemError` for any status but 2xx, and `UnreachableError`. */
export async function send(server: Server, name: RouteName, call: Call): Promise<Response> {
  const route: Route = routes[name];
  const query = encodeQuery(call.query ?? {});
  const url = `${server.baseUrl}${pathOf(route, call.params)}${query === "" ? "" : `?${query}`}`;
  const response = await server
    .fetch(url, {
      method: route.method,
      headers: headersOf(server, call),
      ...(call.body === undefined
        ? {}
        : { body: call.body instanceof FormData ? call.body : JSON.stringify(call.body) }),
      ...signalOf(call),
    })
    .catch((cause: unknown) => {
      throw unlessAborted(cause, call.signal, `${server.baseUrl} cannot be reached.`);
    });
  if (!response.ok) throw await problemOf(response);
  return response;
}

function headersOf(server: Server, call: Call): Record<string, string> {
  const headers: Record<string, string> = { accept: "application/json, application/problem+json, */*" };
  if (server.apiKey !== undefined) headers["authorization"] = `Bearer ${server.apiKey}`;
  if (call.body !== undefined && !(call.body instanceof FormData))
    headers["content-type"] = "application/json";
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

function signalOf({ signal, timeoutMs }: Call): { signal?: AbortSignal } {
  const signals = signal === undefined ? [] : [signal];
  if (timeoutMs !== undefined) signals.push(AbortSignal.timeout(timeoutMs));
  return signals.length === 0 ? {} : { signal: AbortSignal.any(signals) };
}

/** An abort stays what it is; everything else that `fetch` throws means that no answer came. */
function unlessAborted(cause: unknown, signal: AbortSignal | undefined, message: string): unknown {
  return signal?.aborted === true ? signal.reason : new UnreachableError(message, { cause });
}
