import { parentPort } from "node:worker_threads";
import { createJobRunner, type JobName, type Jobs } from "./job-runner.js";

/** A job for a thread. */
export interface ThreadRequest {
  readonly name: JobName;
  readonly request: Jobs[JobName]["request"];
}

const runner = createJobRunner();

parentPort?.on("message", ({ name, request }: ThreadRequest) => {
  const reply = runner.run(name, request);
  parentPort?.postMessage(reply, buffersIn(reply));
});

/** The buffers of an reply, which are handed over instead of copied; shared ones are neither. */
function buffersIn(reply: object | null): ArrayBuffer[] {
  if (reply === null) return [];
  return Object.values(reply).flatMap((value: unknown) => {
    if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
    const isPart = typeof value === "object" && value !== null && !Array.isArray(value);
    return isPart ? buffersIn(value) : [];
  });
}
