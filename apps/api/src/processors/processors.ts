import type { Dispatch, ProcessorAnswer, Processor as WireProcessor } from "@drover/contract";
import type { ProcessorInfo, WorkerInfo } from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";

export const listProcessors: Handler<"listProcessors"> = async (_input, deps) => {
  const processors = await deps.processors.list();
  return ok({ processors: await Promise.all(processors.map((info) => answerOf(info, deps))) });
};

export const getProcessor: Handler<"getProcessor"> = async (input, deps) => {
  const info = await deps.processors.require(input.params.processor);
  return ok(await answerOf(info, deps));
};

export const changeProcessor: Handler<"changeProcessor"> = async ({ params, body }, deps) => {
  const { name } = await deps.processors.require(params.processor);
  await deps.queue.dispatch.setConcurrency(name, body.concurrency);
  return ok(await readDispatch(name, deps));
};

export const pauseProcessor: Handler<"pauseProcessor"> = async ({ params }, deps) => {
  const { name } = await deps.processors.require(params.processor);
  await deps.queue.dispatch.pause(name);
  return ok(await readDispatch(name, deps));
};

export const resumeProcessor: Handler<"resumeProcessor"> = async ({ params }, deps) => {
  const { name } = await deps.processors.require(params.processor);
  await deps.queue.dispatch.resume(name);
  return ok(await readDispatch(name, deps));
};

async function answerOf(info: ProcessorInfo, deps: Deps): Promise<ProcessorAnswer> {
  const workers = deps.processors.workersOf(info.name) ?? [];
  const dispatch = await readDispatch(info.name, deps);
  return { ...viewProcessor(info, workers, deps.limits.maxUploadBytes), ...dispatch };
}

async function readDispatch(name: string, { queue }: Deps): Promise<Dispatch> {
  const { isPaused, concurrency } = await queue.dispatch.read(name);
  return { is_paused: isPaused, concurrency };
}

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
