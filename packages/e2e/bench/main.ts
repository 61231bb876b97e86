/**
 * `npm run bench [-- --quick] [-- --only status,submit,upload,jobs,latency,moodle]`: each number beside its
 * baseline, taken in the same run on the same machine. The ratios mean something; the numbers alone depend on
 * the machine and on what else runs.
 */
import { parseArgs } from "node:util";
import { System } from "../src/index.js";
import { benchStatus, benchSubmit, benchUpload } from "./http.js";
import { benchJobs, benchLatency } from "./job-rates.js";
import { printLine } from "./print.js";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});
const isQuick = values.quick;
const only = values.only?.split(",");
const wants = (name: string) => only === undefined || only.includes(name);

console.log(
  `Node ${process.version}, ${isQuick ? "quick" : "full"} run; × compares with the baseline above it`,
);
const system = await System.start({
  apis: 1,
  workers: 1,
  processors: ["noop"],
  env: { LOG_LEVEL: "warn" },
});
try {
  if (wants("status")) await benchStatus(system, printLine, isQuick ? 2 : 8);
  if (wants("submit")) await benchSubmit(system, printLine, isQuick ? 2 : 8);
  if (wants("upload")) await benchUpload(system, printLine, isQuick ? 1 << 27 : undefined);
  if (wants("latency")) await benchLatency(system, printLine, isQuick ? 50 : 300);
  if (wants("jobs")) await benchJobs(system, printLine, isQuick ? 300 : 3_000);
} finally {
  await system.stop();
}
if (wants("moodle")) {
  const { bench } = await import("../../../processors/moodle-log/bench/bench.js");
  await bench((line) => console.log(line), { quick: isQuick });
}
