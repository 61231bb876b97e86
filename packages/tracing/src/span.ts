/**
 * Spans through the API of OpenTelemetry. Without an SDK in the process a span costs about 10 µs and
 * leads nowhere; the trace that work came with is passed on all the same.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, type LogFields, parseTraceContext, type TraceContext, traceIdOf } from "@drover/core";
import {
  type Attributes,
  type Context,
  context,
  ProxyTracerProvider,
  propagation,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { contextOf, spanContextOf } from "./remote-context.js";

const KINDS = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
} as const;

export interface SpanOptions {
  readonly kind: keyof typeof KINDS;
  readonly name: string;
  readonly attributes: Attributes;
  /** Default: the span that is active, if one is. */
  readonly parent?: TraceContext | undefined;
  /** Of another trace that the work has to do with. */
  readonly link?: TraceContext | undefined;
}

/** The span around a piece of work. */
export interface OpenSpan {
  /** What to hand on to whatever is done for this work; `undefined` when it is in no trace. */
  readonly trace: TraceContext | undefined;
  /** For the work's log lines: `trace_id`, and `span_id` when this process made the span. */
  readonly fields: Pick<LogFields, "trace_id" | "span_id">;
  set(attributes: Attributes): void;
  /** The work failed; `type` is of few different words (the attribute `error.type`). */
  fail(type: string, message?: string): void;
}

/** Does the work in a span, which is active meanwhile and ends with it; a throw fails it. */
export function inSpan<Result>(
  options: SpanOptions,
  work: (span: OpenSpan) => Promise<Result>,
): Promise<Result> {
  const { parent } = options;
  const around = parent === undefined ? context.active() : contextOf(parent);
  return runIn({ ...options, in: around, received: parent }, work);
}

export interface ServerSpanOptions extends Omit<SpanOptions, "kind" | "parent"> {
  /** Of the request; names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What `traceparent` and `tracestate` among them say. */
  readonly received: TraceContext | undefined;
}

/**
 * Does the work of a request in a span of kind server. Where one is active already (the operator instruments
 * `node:http`) there is no second one: the work belongs to that.
 *
 * The propagators of the SDK read the headers, so that B3 and others work; when they find nothing, or there is
 * no SDK, `received` counts.
 */
export function inServerSpan<Result>(
  { headers, received, ...options }: ServerSpanOptions,
  work: (span: OpenSpan) => Promise<Result>,
): Promise<Result> {
  const active = context.active();
  const span = trace.getSpan(active);
  if (span !== undefined) return work({ ...openSpan(span, received), set() {}, fail() {} });
  const extracted = propagation.extract(active, headers);
  const isFound = trace.getSpanContext(extracted) !== undefined || received === undefined;
  const parent = isFound ? extracted : contextOf(received);
  return runIn({ kind: "server", ...options, in: parent, received }, work);
}

interface RunOptions extends Omit<SpanOptions, "parent"> {
  readonly in: Context;
  readonly received: TraceContext | undefined;
}

async function runIn<Result>(
  { kind, name, attributes, link, in: around, received }: RunOptions,
  work: (span: OpenSpan) => Promise<Result>,
): Promise<Result> {
  const links = link === undefined ? [] : [{ context: spanContextOf(link) }];
  const span = trace.getTracer("drover").startSpan(name, { kind: KINDS[kind], attributes, links }, around);
  const open = openSpan(span, received);
  try {
    return await context.with(trace.setSpan(around, span), () => work(open));
  } catch (error) {
    open.fail(error instanceof DomainError ? error.code : error instanceof Error ? error.name : "Error");
    throw error;
  } finally {
    span.end();
  }
}

/** @param received what is handed on when this process makes no span. */
function openSpan(span: Span, received: TraceContext | undefined): OpenSpan {
  const own = ownTrace(span.spanContext());
  const handedOn = own ?? received;
  return {
    trace: handedOn,
    fields: {
      ...(handedOn === undefined ? {} : { trace_id: traceIdOf(handedOn) }),
      ...(own === undefined ? {} : { span_id: span.spanContext().spanId }),
    },
    set: (values) => void span.setAttributes(values),
    fail(type, message) {
      span.setAttribute("error.type", type);
      span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
    },
  };
}

/** `undefined` for a span that the SDK did not make: the API gives the parent back when there is none. */
function ownTrace({
  traceId,
  spanId,
  traceFlags,
  traceState,
  isRemote,
}: SpanContext): TraceContext | undefined {
  if (isRemote === true) return undefined;
  const flags = traceFlags.toString(16).padStart(2, "0");
  return parseTraceContext(`00-${traceId}-${spanId}-${flags}`, traceState?.serialize());
}

/**
 * Has the SDK send the spans that it still holds, as a batch processor does; resolves when it has, or after
 * `timeoutMs`. To be called before the process ends: what an SDK does at a signal may come too late. Never
 * rejects: what cannot be sent is the exporter's to report.
 */
export async function flushSpans(timeoutMs: number): Promise<void> {
  const provider = trace.getTracerProvider();
  // The API has no flush; the provider of the SDK has, which the API keeps behind one of its own.
  const sdk: object = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  if (!("forceFlush" in sdk) || typeof sdk.forceFlush !== "function") return;
  const timer = new AbortController();
  await Promise.race([
    Promise.resolve(sdk.forceFlush()).catch(() => {}),
    sleep(timeoutMs, undefined, { ref: false, signal: timer.signal }).catch(() => {}),
  ]);
  timer.abort();
}
