import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { System } from "../src/index.js";

const SETUP = fileURLToPath(new URL("../../../examples/traces/otlp.mjs", import.meta.url));
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT = "00f067aa0ba902b7";
const HEADERS = {
  traceparent: `00-${TRACE}-${CLIENT}-01`,
  tracestate: "rojo=00f067aa0ba902b7",
  "x-request-id": "request-1",
};

interface Span {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A collector that keeps what it is sent, as OTLP has it in JSON. */
class Collector {
  readonly spans: Span[] = [];
  readonly #server: Server = createServer(async (request, response) => {
    const { resourceSpans } = (await json(request)) as { resourceSpans: Sent[] };
    for (const { resource, scopeSpans } of resourceSpans)
      for (const span of scopeSpans.flatMap(({ spans }) => spans))
        this.spans.push({
          ...span,
          service: String(valuesOf(resource.attributes)["service.name"]),
          attributes: valuesOf(span.attributes),
        });
    response.setHeader("Content-Type", "application/json").end("{}");
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans of a job's trace, as soon as there are so many. */
  async spansOf(traceId: string, count: number): Promise<readonly Span[]> {
    const found = () => this.spans.filter((span) => span.traceId === traceId);
    await waitFor(() => found().length >= count, { deadlineMs: 20_000, what: `${count} spans` });
    return found();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

type Values = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
interface Sent {
  readonly resource: { readonly attributes: Values };
  readonly scopeSpans: readonly {
    readonly spans: readonly (Omit<Span, "attributes"> & { attributes: Values })[];
  }[];
}

function valuesOf(attributes: Values): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

interface Told {
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly pid: number;
}

/** Submits a job to processor `traced`, and returns its id and what the processor was told, once it completed. */
async function run(system: System, headers: Readonly<Record<string, string>>, params = "{}") {
  const form = new FormData();
  form.append("file", new Blob(["some input"]), "input.txt");
  form.append("params", params);
  const url = `${system.url()}/api/processors/traced/jobs`;
  const response = await fetch(url, { method: "POST", body: form, headers });
  const { job_id: id } = (await response.json()) as { job_id: string };
  const job = await system.client().wait(id);
  expect(job.status).toBe("completed");
  return { id, told: job.result as Told };
}

/** Lines of a process about a job, parsed. */
function linesOf(log: string, id: string): readonly Readonly<Record<string, unknown>>[] {
  return log
    .split("\n")
    .filter((line) => line.startsWith("{") && line.includes(id))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

describe("processes without an SDK", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({ apis: 1, workers: 1, processors: ["traced"], env: { LOG_FORMAT: "json" } });
  });
  afterAll(() => system.stop());

  it("hand the trace of a submit on to the processor as it came, and name it in every line about the job", async () => {
    const { id, told } = await run(system, HEADERS, '{"failures":1}');
    const { traceparent, tracestate } = HEADERS;
    expect(told).toMatchObject({ traceparent, tracestate });
    const lines = [...system.apis, ...system.workers].flatMap(({ log }) => linesOf(log, id));
    const about = lines.filter(({ message }) => !String(message).startsWith("GET"));
    expect(about.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        "POST /api/processors/traced/jobs 202",
        "Attempt started",
        "Processor threw",
        "Attempt finished",
      ]),
    );
    for (const line of about)
      expect(line).toMatchObject({
        request_id: "request-1",
        job_id: id,
        processor: "traced",
        trace_id: TRACE,
      });
  });

  it("tell the processor of no trace where there is none", async () => {
    const { told } = await run(system, { traceparent: "00-0-0-00", tracestate: "rojo=1" });
    expect(told).toMatchObject({ traceparent: null, tracestate: null });
  });
});

describe("processes into which the SDK of the example is loaded", () => {
  const collector = new Collector();
  let system: System;
  beforeAll(async () => {
    const env = {
      NODE_OPTIONS: `--import ${SETUP}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: await collector.listen(),
      LOG_FORMAT: "json",
    };
    system = await System.start({ apis: 1, workers: 1, processors: ["traced"], env, hasRealLease: true });
  });
  afterAll(async () => {
    await system.stop();
    collector.close();
  });

  it("make one trace of request, queue, attempts and what the processor does in its own process", async () => {
    const { id, told } = await run(system, HEADERS, '{"failures":1}');
    // The api and the worker send what they have within 5 s, the default of a batch.
    const spans = await collector.spansOf(TRACE, 6);
    const named = (name: string) => spans.filter((span) => span.name === name);
    const [server] = named("POST /api/processors/{processor}/jobs");
    const [producer] = named("submit traced");
    const attempts = named("process traced").sort(
      (a, b) => Number(a.attributes["drover.attempt"]) - Number(b.attributes["drover.attempt"]),
    );
    const inside = named("work of the processor");
    expect(server).toMatchObject({ service: "drover-api", parentSpanId: CLIENT, kind: 2 });
    expect(producer).toMatchObject({ service: "drover-api", parentSpanId: server?.spanId, kind: 4 });
    expect(attempts).toMatchObject([
      { attributes: { "drover.outcome": "failed", "error.type": "processor_error", "drover.job_id": id } },
      { attributes: { "drover.outcome": "completed", "drover.request_id": "request-1" } },
    ]);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ service: "drover-worker", parentSpanId: producer?.spanId, kind: 5 });
    expect(inside.map(({ service }) => service)).toEqual(["drover-processor", "drover-processor"]);
    const parents = inside.map(({ parentSpanId }) => parentSpanId).sort();
    expect(parents).toEqual(attempts.map(({ spanId }) => spanId).sort());
    expect(told.traceparent).toBe(`00-${TRACE}-${attempts[1]?.spanId}-01`);
    expect(told.tracestate).toBe(HEADERS.tracestate);
    const lines = linesOf(system.workers[0]?.log ?? "", id);
    const ended = lines.find(({ outcome }) => outcome === "completed");
    expect(ended).toMatchObject({ trace_id: TRACE, span_id: attempts[1]?.spanId });
  });

  it("an attempt whose spans were sent leaves its child process fit for the next one", async () => {
    const first = await run(system, {});
    const second = await run(system, {});
    expect(second.told.pid).toBe(first.told.pid);
    expect(system.workers[0]?.log).not.toContain("not used again");
  });

  it("a worker that is told to stop sends the spans that it holds", async () => {
    const worker = await system.startWorker();
    await system.workers[0]?.kill();
    const { told } = await run(system, {});
    expect(await worker.stop()).toBe(0);
    const traceId = told.traceparent?.slice(3, 35) ?? "";
    expect(collector.spans.filter((span) => span.traceId === traceId).map(({ name }) => name)).toContain(
      "process traced",
    );
  });
});
