import { parentPort } from "node:worker_threads";
import { buffersIn, createJobRunner, type JobName, type Jobs } from "./job-runner.js";

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
