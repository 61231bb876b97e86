import { parentPort } from "node:worker_threads";
import { createJobRunner } from "./job-runner.js";
import type { JobName, Jobs } from "./jobs.js";

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

/** The buffers of an answer, which are handed over instead of copied. */
function buffersIn(answer: Jobs[JobName]["answer"]): ArrayBuffer[] {
  if (answer === null) return [];
  return Object.values(answer).flatMap((value: unknown) =>
    ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer ? [value.buffer] : [],
  );
}
