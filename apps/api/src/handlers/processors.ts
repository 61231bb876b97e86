import { viewProcessor } from "../job-view.js";
import { ok } from "../reply.js";
import type { Handler } from "./handler.js";

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
