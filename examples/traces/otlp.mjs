/**
 * Sends the spans of each Drover process to a collector, by OTLP over HTTP. In a folder of your own:
 *
 *   npm install @opentelemetry/api@1.9 @opentelemetry/sdk-trace-node@2 @opentelemetry/resources@2 \
 *     @opentelemetry/exporter-trace-otlp-http@0.223
 *   export NODE_OPTIONS="--import file:///opt/otel/otlp.mjs"
 *   export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
 *
 * then start Drover. NODE_OPTIONS rather than an argument: the child processes of a worker inherit it.
 */
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

// Which process this is; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come over it.
const [, path = ""] = process.argv;
const part = path.endsWith("child-main.js") ? "processor" : (/apps\/(\w+)\//.exec(path)?.[1] ?? "other");
const resource = defaultResource()
  .merge(resourceFromAttributes({ "service.name": `drover-${part}` }))
  .merge(detectResources({ detectors: [envDetector] }));

const spanProcessors = [new BatchSpanProcessor(new OTLPTraceExporter())];
new NodeTracerProvider({ resource, spanProcessors }).register();
