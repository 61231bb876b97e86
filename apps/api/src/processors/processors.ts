import type { Processor as WireProcessor } from "@drover/contract";
import type { ProcessorInfo, WorkerInfo } from "@drover/core";
import { type Handler, ok } from "../http/handler.js";

export const listProcessors: Handler<"listProcessors"> = async (_input, deps) => {
  const processors = await deps.processors.list();
  return ok({
    processors: processors.map((info) =>
      viewProcessor(info, deps.processors.workersOf(info.name) ?? [], deps.limits.maxUploadBytes),
    ),
  });
};

export const getProcessor: Handler<"getProcessor"> = async (input, deps) => {
  const info = await deps.processors.require(input.params.processor);
  const workers = deps.processors.workersOf(info.name) ?? [];
  return ok(viewProcessor(info, workers, deps.limits.maxUploadBytes));
};

/** The processor with the workers that serve it now. */
function viewProcessor(
  info: ProcessorInfo,
  workers: readonly WorkerInfo[],
  maxUploadBytes: number,
): WireProcessor {
  return {
    name: info.name,
    version: info.version,
    description: info.description,
    accepts: { extensions: [...info.accepts.extensions], media_types: [...info.accepts.mediaTypes] },
    limits: {
      max_input_bytes: Math.min(info.limits.maxInputBytes, maxUploadBytes),
      timeout_ms: info.limits.timeoutMs,
      max_rss_bytes: info.limits.maxRssBytes,
      max_attempts: info.limits.maxAttempts,
    },
    params_schema: info.paramsSchema,
    workers: workers.length,
    slots: workers.reduce((sum, worker) => sum + worker.slots, 0),
  };
}
