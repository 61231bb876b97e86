import type { TraceContext } from "@drover/core";
import {
  type Context,
  context,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";

/** Does the work where the span that `parent` names, of another process, is the active one. */
export function inRemoteContext<Result>(parent: TraceContext, work: () => Result): Result {
  return context.with(contextOf(parent), work);
}

/** A context in which that span is active, and nothing of this process is. */
export function contextOf(parent: TraceContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent));
}

/** The same in the words of the API. */
export function spanContextOf({ traceparent, tracestate }: TraceContext): SpanContext {
  const [, traceId = "", spanId = "", flags = ""] = traceparent.split("-");
  return {
    ...{ traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true },
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
}
