import type { StopReason } from "@drover/core";
import type { Processor } from "@drover/processor-sdk";
import { callProcessor } from "./processor-call.js";
import {
  acceptsLateResult,
  GRACES,
  type Graces,
  graceMs,
  type RunEnd,
  type Runner,
  type RunOptions,
  type StopCause,
} from "./runner.js";

/**
 * Runs the attempts of a trusted, light processor in the worker itself: no isolation and no memory limit. A
 * stopped attempt that does not wind down within its grace is left to itself; its outcome no longer counts
 * and its files are gone.
 */
export function createInProcessRunner(processor: Processor, graces: Graces = GRACES): Runner {
  return {
    children: [],
    run: (options) => runInProcess(processor, options, graces),
    whenWarm: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function runInProcess(processor: Processor, options: RunOptions, graces: Graces): Promise<RunEnd> {
  const controller = new AbortController();
  let cause: StopCause | undefined;
  let graceTimer: NodeJS.Timeout | undefined;
  let onGraceOver = () => {};
  const graceOver = new Promise<undefined>((resolve) => {
    onGraceOver = () => resolve(undefined);
  });
  const stop = (why: StopCause) => {
    if (cause !== undefined) return;
    cause = why;
    controller.abort(new Error("The attempt has to stop."));
    graceTimer = setTimeout(onGraceOver, graceMs(graces, why));
  };
  const onAbort = () => stop({ kind: "stopped", reason: options.signal.reason as StopReason });
  const timer = setTimeout(() => stop({ kind: "timed_out" }), options.timeoutMs);
  options.signal.addEventListener("abort", onAbort);
  if (options.signal.aborted) onAbort();
  const settled = await Promise.race([
    callProcessor(processor, options.message, controller.signal, options),
    graceOver,
  ]);
  options.signal.removeEventListener("abort", onAbort);
  clearTimeout(timer);
  clearTimeout(graceTimer);
  return endOf(settled, cause);
}

function endOf(
  settled: Awaited<ReturnType<typeof callProcessor>> | undefined,
  cause: StopCause | undefined,
): RunEnd {
  const counts =
    cause === undefined || (settled?.type === "returned" && !settled.wasStopped && acceptsLateResult(cause));
  if (cause !== undefined && !counts) return cause;
  if (settled?.type === "returned") {
    return { kind: "returned", result: settled.result, artifacts: settled.artifacts };
  }
  if (settled?.type === "threw") return { kind: "threw", thrown: settled.thrown };
  return cause ?? { kind: "timed_out" };
}
