/**
 * A BullMQ worker with nothing around it. BENCH_DUTY says what a job is: `none`; `file`: read and remove its
 * input; `sandbox`: the same in BullMQ's own child processes.
 */
import { fileURLToPath } from "node:url";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import readAndRemove from "./read-and-remove.mjs";

const duties = {
  none: async () => null,
  file: readAndRemove,
  sandbox: fileURLToPath(new URL("./read-and-remove.mjs", import.meta.url)),
};
const worker = new Worker(process.env.BENCH_QUEUE, duties[process.env.BENCH_DUTY], {
  connection: new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null }),
  concurrency: Number(process.env.BENCH_SLOTS),
});
worker.on("error", () => {});
await worker.waitUntilReady();
process.on("disconnect", () => process.exit());
process.send({});
