import type { RouteName, routes } from "@drover/contract";
import type { z } from "zod";
import type { Deps } from "../deps.js";
import type { Reply } from "../reply.js";
import type { Receive } from "../upload/upload.js";

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
}

type PathParams<R> = R extends { params: z.ZodType<infer P> }
  ? { readonly [K in keyof P]: string }
  : undefined;

export type Handler<N extends RouteName> = (input: Input<N>, deps: Deps) => Promise<Reply>;

/** A handler for every route of the table; one missing does not compile. */
export type Handlers = { readonly [N in RouteName]: Handler<N> };
