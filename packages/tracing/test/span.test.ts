import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { flushSpans, inRemoteContext, inServerSpan, inSpan } from "../src/index.js";

const RECEIVED = {
  traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  tracestate: "rojo=1",
};
const REQUEST = { name: "POST /jobs", attributes: {}, headers: RECEIVED, received: RECEIVED };
const PRODUCER = { kind: "producer", name: "submit copy", attributes: {} } as const;

describe("without an SDK", () => {
  it("a span hands on what was received, to the letter", async () => {
    expect(await inServerSpan(REQUEST, async (span) => span)).toMatchObject({
      trace: RECEIVED,
      fields: { trace_id: RECEIVED.traceparent.slice(3, 35) },
    });
    const odd = { traceparent: RECEIVED.traceparent, tracestate: "a=1,a=2" }; // the API's own parser drops one
    expect(await inSpan({ ...PRODUCER, parent: odd }, async (span) => span.trace)).toEqual(odd);
  });

  it("a span without a parent is in no trace", async () => {
    expect(await inSpan(PRODUCER, async ({ trace, fields }) => ({ trace, fields }))).toEqual({
      trace: undefined,
      fields: {},
    });
  });

  it("there is nothing to flush", async () => {
    await flushSpans(60_000);
  });
});

describe("with an SDK", () => {
  let exporter: InMemorySpanExporter;
  let provider: NodeTracerProvider;
  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider.register();
  });
  afterEach(async () => {
    await provider.shutdown();
    for (const api of [trace, context, propagation]) api.disable();
  });

  it("a request's span is below the one that its headers name, and what it queues below that", async () => {
    await inServerSpan(REQUEST, async () => inSpan(PRODUCER, async () => {}));
    const [producer, server] = exporter.getFinishedSpans();
    expect(server).toMatchObject({ kind: SpanKind.SERVER, name: "POST /jobs" });
    expect(server?.parentSpanContext?.spanId).toBe("00f067aa0ba902b7");
    expect(producer?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
    expect(producer?.spanContext().traceId).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
  });

  it("a span that is active already is the request's: there is no second one", async () => {
    const answer = trace.getTracer("test").startActiveSpan("HTTP instrumentation", async (http) => {
      const { trace: handedOn, fields } = await inServerSpan(REQUEST, async (span) => {
        span.fail("redis_unavailable"); // not ours to mark
        return span;
      });
      http.end();
      return { handedOn, fields, own: http.spanContext() };
    });
    const { handedOn, fields, own } = await answer;
    expect(handedOn?.traceparent).toBe(`00-${own.traceId}-${own.spanId}-01`);
    expect(fields).toEqual({ trace_id: own.traceId, span_id: own.spanId });
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(["HTTP instrumentation"]);
    expect(exporter.getFinishedSpans()[0]?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it("headers that no propagator of the SDK reads are read all the same", async () => {
    propagation.disable();
    await inServerSpan(REQUEST, async () => {});
    expect(exporter.getFinishedSpans()[0]?.parentSpanContext?.spanId).toBe("00f067aa0ba902b7");
  });

  it("a throw fails the span and is thrown on", async () => {
    const work = inSpan(PRODUCER, () => Promise.reject(new TypeError("no")));
    await expect(work).rejects.toThrow("no");
    expect(exporter.getFinishedSpans()[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { "error.type": "TypeError" },
    });
  });

  it("a trace that is not sampled stays so", async () => {
    const parent = { traceparent: RECEIVED.traceparent.replace(/01$/, "00") };
    const handedOn = await inSpan({ ...PRODUCER, parent }, async (span) => span.trace);
    expect(handedOn?.traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it("a span of another process can be the active one", () => {
    const active = inRemoteContext(RECEIVED, () => trace.getActiveSpan()?.spanContext());
    expect(active).toMatchObject({ spanId: "00f067aa0ba902b7", isRemote: true });
    expect(active?.traceState?.serialize()).toBe("rojo=1");
  });
});
