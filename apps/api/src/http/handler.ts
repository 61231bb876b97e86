import type { RouteName, routes } from "@drover/contract";
import type { Artifact, Caller, LogFields, TraceContext } from "@drover/core";
import type { z } from "zod";
import type { Deps } from "../deps.js";
import type { Receive } from "../uploads/upload.js";
import type { Archive } from "./send-archive.js";
import type { SentEvent } from "./send-events.js";

type Routes = typeof routes;

/** What a handler sees of a request: its route's query and body, parsed. */
export interface Input<N extends RouteName> {
  /** As they stand in the path, percent-decoded. */
  readonly params: PathParams<Routes[N]>;
  readonly query: Routes[N] extends { query: infer Q extends z.ZodType } ? z.output<Q> : undefined;
  readonly body: Routes[N] extends {
    body: { mediaType: "application/json"; schema: infer B extends z.ZodType };
  }
    ? z.output<B>
    : undefined;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Takes in the multipart body; nothing of it is read before. */
  readonly receive: Routes[N] extends { body: { mediaType: "multipart/form-data" } } ? Receive : undefined;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  readonly requestId: string;
  readonly caller: Caller;
  /** Where the request stands in a trace, for what it makes; `undefined` when it is in none. */
  readonly trace: TraceContext | undefined;
}

type PathParams<R> = R extends { params: z.ZodType<infer P> }
  ? { readonly [K in keyof P]: string }
  : undefined;

export type Handler<N extends RouteName> = (input: Input<N>, deps: Deps) => Promise<Reply>;

/** One that answers by JSON and nothing else. */
export type JsonHandler<N extends RouteName> = (input: Input<N>, deps: Deps) => Promise<JsonReply>;

/** A handler for every route of the table; one missing does not compile. */
export type Handlers = { readonly [N in RouteName]: Handler<N> };

export interface JsonReply {
  readonly kind: "json";
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further fields of the request's line in the log. */
  readonly noted?: LogFields;
}

/** What a handler returns, without a word of the framework. */
export type Reply =
  | JsonReply
  | { readonly kind: "empty"; readonly status: 204 }
  /** A stream of server-sent events, which ends with the last of them. */
  | {
      readonly kind: "events";
      readonly events: AsyncIterable<SentEvent>;
      /** Called once, when no more are wanted. */
      readonly end: () => void;
    }
  /** Bytes to download; encodings, ranges and conditions are the sender's business. */
  | { readonly kind: "artifact"; readonly artifact: Artifact }
  | { readonly kind: "archive"; readonly archive: Archive };

/** A 200 with a JSON body. */
export function ok(body: unknown, headers: Readonly<Record<string, string>> = {}): JsonReply {
  return { kind: "json", status: 200, body, headers };
}
