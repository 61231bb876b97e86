import { MAX_REQUEST_BYTES, parseJobId } from "@drover/core";
import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failed, formWith, json, manifestOf, post, readJob, submit, work } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const HEADERS = {
  traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
  tracestate: "rojo=1",
  "x-request-id": "r1",
};

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const jobOf = (id: string) => api.queue.jobs.get(parseJobId(id));
const lineOf = (id: string) => api.lines.find(({ fields }) => fields.job_id === id)?.fields;

describe("without an SDK", () => {
  it("the trace of a submit is kept with its job and beside its input, as it came", async () => {
    const { job_id } = await json(submit(api, formWith(), HEADERS));
    const { traceparent, tracestate } = HEADERS;
    expect(await jobOf(job_id)).toMatchObject({ requestId: "r1", trace: { traceparent, tracestate } });
    expect((await manifestOf(api, job_id))?.request.trace).toEqual({ traceparent, tracestate });
    expect(lineOf(job_id)).toMatchObject({ request_id: "r1", processor: "csv-count", trace_id: TRACE });
    expect(lineOf(job_id)).not.toHaveProperty("span_id");
  });

  it("a malformed traceparent is passed over, and nothing is kept for it", async () => {
    const { job_id } = await json(submit(api, formWith(), { ...HEADERS, traceparent: "00-x-y-01" }));
    expect(await jobOf(job_id)).not.toHaveProperty("trace");
    expect((await manifestOf(api, job_id))?.request).not.toHaveProperty("trace");
    expect(lineOf(job_id)).not.toHaveProperty("trace_id");
  });

  it("what does not fit beside the params is left out: no request is refused for its trace", async () => {
    const tracestate = Array.from({ length: 5 }, (_, i) => `k${i}=${"v".repeat(95)}`).join(",");
    const accepted = async (length: number) => {
      const form = formWith("a", { params: JSON.stringify({ timezone: "x".repeat(length) }) });
      return (await jobOf((await json(submit(api, form, { ...HEADERS, tracestate }))).job_id))?.trace;
    };
    const { traceparent } = HEADERS;
    expect(await accepted(100)).toEqual({ traceparent, tracestate });
    const [stored] = (await api.queue.jobs.list({ limit: 1 })).jobs;
    const { request } = (await manifestOf(api, stored?.id ?? "")) ?? {};
    const rest = Buffer.byteLength(JSON.stringify({ ...request, trace: undefined })) - 100;
    expect(await accepted(MAX_REQUEST_BYTES - rest - 200)).toEqual({ traceparent });
    expect(await accepted(MAX_REQUEST_BYTES - rest - 20)).toBeUndefined();
  });

  it("a person's retry stays in the trace of the submit", async () => {
    const { job_id } = await json(submit(api, formWith(), HEADERS));
    const consumer = work(api, async () => ({
      ...{ kind: "failed", code: "input_invalid", message: "no", retryable: false },
    }));
    await expect.poll(async () => (await readJob(api, job_id)).status).toBe("failed");
    await consumer.drain(0);
    expect((await post(api, `/api/jobs/${job_id}/retry`, { params: { mode: "fast" } })).status).toBe(202);
    const job = await jobOf(job_id);
    expect(job).toMatchObject({ params: { mode: "fast" }, trace: { traceparent: HEADERS.traceparent } });
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
    for (const part of [trace, context, propagation]) part.disable();
  });
  const spanOf = (kind: SpanKind) => exporter.getFinishedSpans().find((span) => span.kind === kind);

  it("a submit is a server span below the client's, and a producer span that goes with the job", async () => {
    const { job_id } = await json(submit(api, formWith(), HEADERS));
    const [server, producer] = [spanOf(SpanKind.SERVER), spanOf(SpanKind.PRODUCER)];
    expect(server).toMatchObject({
      name: "POST /api/processors/{processor}/jobs",
      parentSpanContext: { traceId: TRACE, spanId: "00f067aa0ba902b7" },
      attributes: { "http.response.status_code": 202, "drover.request_id": "r1" },
    });
    expect(producer).toMatchObject({
      name: "submit csv-count",
      parentSpanContext: { spanId: server?.spanContext().spanId },
      attributes: { "messaging.system": "bullmq", "drover.job_id": job_id },
    });
    const handedOn = `00-${TRACE}-${producer?.spanContext().spanId}-01`;
    expect((await jobOf(job_id))?.trace).toEqual({ traceparent: handedOn, tracestate: "rojo=1" });
    expect(lineOf(job_id)).toMatchObject({ trace_id: TRACE, span_id: server?.spanContext().spanId });
  });

  it("a submit without headers begins a trace", async () => {
    const { job_id } = await json(submit(api));
    expect(spanOf(SpanKind.SERVER)?.parentSpanContext).toBeUndefined();
    const traceId = spanOf(SpanKind.SERVER)?.spanContext().traceId;
    expect((await jobOf(job_id))?.trace?.traceparent).toContain(`00-${traceId}-`);
  });

  it("a refusal is no error of the server's span; a server that cannot serve is", async () => {
    await submit(api, formWith("a", { params: "{" }));
    expect(spanOf(SpanKind.SERVER)).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { "http.response.status_code": 400, "drover.error_code": "invalid_request" },
    });
    exporter.reset();
    api.stop.abort();
    await submit(api);
    expect(spanOf(SpanKind.SERVER)).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { "http.response.status_code": 503, "error.type": "draining" },
    });
  });

  it("a person's retry is in its own trace, linked to the job's, which the job stays in", async () => {
    const id = await failed(api);
    const before = (await jobOf(id))?.trace;
    exporter.reset();
    expect((await post(api, `/api/jobs/${id}/retry`)).status).toBe(202);
    const producer = spanOf(SpanKind.PRODUCER);
    expect(producer?.name).toBe("retry csv-count");
    expect(producer?.links.map(({ context: { traceId } }) => traceId)).toEqual([
      before?.traceparent.slice(3, 35),
    ]);
    expect(producer?.spanContext().traceId).not.toBe(before?.traceparent.slice(3, 35));
    expect((await jobOf(id))?.trace).toEqual(before);
  });

  it("a poll makes no span", async () => {
    const { job_id } = await json(submit(api));
    exporter.reset();
    await readJob(api, job_id);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});
