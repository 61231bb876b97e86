import type * as contract from "@drover/contract";
import {
  encodeQuery,
  type Open,
  pathOf,
  type Route,
  type RouteName,
  reading,
  routes,
} from "@drover/contract";
import { isTransient, refusalOf, UnexpectedAnswerError, UnreachableError } from "./client-errors.js";
import type { UploadInit, UploadProgress } from "./upload-progress.js";

/** Where requests go. */
export interface Server {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly apiKey: string | undefined;
  /** Sends a form whose progress is asked for. Default: `fetch`, which may or may not tell it. */
  readonly upload?: ((url: string, init: UploadInit) => Promise<Response>) | undefined;
}

/** What a call of one endpoint says. */
export interface Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** A form is sent as multipart, anything else as JSON. */
  readonly body?: FormData | object;
  readonly signal?: AbortSignal | undefined;
  /** Of a form: called while it is sent. */
  readonly onUploadProgress?: ((progress: UploadProgress) => void) | undefined;
  /**
   * Longest wait for the whole answer, in ms; past it the server counts as unreachable. Default of
   * `callJson`: 30,000, none for a form.
   */
  readonly timeoutMs?: number;
}

type OutputOf<A> = A extends { schema: { parse(data: unknown): infer Output } } ? Output : never;

/** The JSON that an endpoint answers when all goes well, by the contract's table, as a client reads it. */
export type JsonOf<N extends RouteName> = (typeof routes)[N]["answers"] extends infer A
  ? Open<{ [S in keyof A]: S extends 200 | 201 | 202 ? OutputOf<A[S]> : never }[keyof A]>
  : never;

const ANSWER_MS = 30_000;

/**
 * Calls an endpoint and returns its JSON, of the shape that the contract says.
 * @throws `ProblemError`, `UnreachableError`, and `UnexpectedAnswerError` when the answer is no JSON or of
 *   another shape.
 */
export async function callJson<N extends RouteName>(server: Server, name: N, call: Call): Promise<JsonOf<N>> {
  const isUpload = call.body instanceof FormData;
  const response = await send(server, name, isUpload ? call : { timeoutMs: ANSWER_MS, ...call });
  const text = await textOf(response, server, call);
  try {
    // The schema of this very answer.
    return schemaOf(routes[name], response.status).parse(JSON.parse(text)) as JsonOf<N>;
  } catch (cause) {
    throw new UnexpectedAnswerError(response, { url: urlOf(server, name, call), text, cause });
  }
}

/**
 * Calls an endpoint and returns the response, its body unread.
 * @throws for any status but 2xx as `callJson` does.
 */
export async function send(server: Server, name: RouteName, call: Call): Promise<Response> {
  const url = urlOf(server, name, call);
  const { onUploadProgress } = call;
  const init: UploadInit = {
    method: routes[name].method,
    headers: headersOf(server, call),
    ...(call.body === undefined
      ? {}
      : { body: call.body instanceof FormData ? call.body : JSON.stringify(call.body) }),
    ...signalOf(call),
    ...(onUploadProgress === undefined ? {} : { onUploadProgress }),
  };
  const fetch = (onUploadProgress && server.upload) ?? server.fetch;
  const response = await fetch(url, init).catch((cause: unknown) => {
    throw lostAnswer(cause, call.signal, `${server.baseUrl} cannot be reached.`);
  });
  if (!response.ok) throw refusalOf(response, url, await textOf(response, server, call));
  return response;
}

/** What to throw when an answer did not arrive: the reason of an abort as it is, else `UnreachableError`. */
export function lostAnswer(cause: unknown, signal: AbortSignal | undefined, message: string): unknown {
  return signal?.aborted === true ? signal.reason : new UnreachableError(message, { cause });
}

/** The address of a call, with its query. */
export function urlOf(server: Server, name: RouteName, call: Call): string {
  const query = encodeQuery(call.query ?? {});
  return `${server.baseUrl}${pathOf(routes[name], call.params)}${query === "" ? "" : `?${query}`}`;
}

function textOf(response: Response, server: Server, { signal }: Call): Promise<string> {
  return response.text().catch((cause: unknown) => {
    throw lostAnswer(cause, signal, `${server.baseUrl} broke off its answer.`);
  });
}

type Schema = ReturnType<typeof reading>;

const schemas = new WeakMap<object, Schema>();

/** To read an answer of this status with; of another good one where the contract does not know it. */
function schemaOf(route: Route, status: number): Schema {
  const written = [route.answers[status], ...Object.values(route.answers)].find(
    (answer) => answer?.schema,
  )?.schema;
  if (written === undefined) throw new TypeError(`${route.path} answers no JSON.`);
  const known = schemas.get(written) ?? reading(written);
  schemas.set(written, known);
  return known;
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

/** A job as a client reads it: its status, codes and reasons may be words that this version does not know. */
export type Job = Open<contract.Job>;
export type JobList = Open<contract.JobList>;
export type JobLogs = Open<contract.JobLogs>;
export type Stats = Open<contract.Stats>;
export type Artifact = Open<contract.Artifact>;
export type Processor = Open<contract.ProcessorAnswer>;
export type Dispatch = Open<contract.Dispatch>;
export type Caller = Open<contract.CallerAnswer>;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** How long to try again while a server is in trouble. */
export interface RetryOptions {
  /** Give up after this long without one good answer, in ms. */
  readonly giveUpAfterMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Repeats `work` while it fails in a way that may pass. Waits what the server asks for, else exponentially
 * longer up to 10 s with jitter.
 * @throws the last failure after `giveUpAfterMs`, any other failure at once, and the signal's reason when it
 *   aborts.
 */
export async function retryTransient<T>(options: RetryOptions, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  for (let failures = 0; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      const waitMs = waitAfter(failures, error instanceof UnreachableError ? undefined : error.retryAfterS);
      if (performance.now() - start + waitMs > options.giveUpAfterMs) throw error;
      await sleep(waitMs, options.signal);
    }
  }
}

function waitAfter(failures: number, retryAfterS: number | undefined): number {
  const jitter = 0.5 + Math.random() / 2;
  return retryAfterS === undefined
    ? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures) * jitter
    : retryAfterS * 1000;
}

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
