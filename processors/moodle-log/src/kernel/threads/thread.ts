import { parentPort } from "node:worker_threads";
import { createJobRunner } from "./job-runner.js";
import type { JobName, Jobs } from "./thread-jobs.js";

/** A job for a thread. */
export interface ThreadRequest {
  readonly name: JobName;
  readonly request: Jobs[JobName]["request"];
}

const runner = createJobRunner();

parentPort?.on("message", ({ name, request }: ThreadRequest) => {
  const answer = runner.run(name, request);
  parentPort?.postMessage(answer, buffersIn(answer));
});

/** The buffers of an answer, which are handed over instead of copied; shared ones are neither. */
function buffersIn(answer: object | null): ArrayBuffer[] {
  if (answer === null) return [];
  return Object.values(answer).flatMap((value: unknown) => {
    if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
    const isPart = typeof value === "object" && value !== null && !Array.isArray(value);
    return isPart ? buffersIn(value) : [];
  });
}
