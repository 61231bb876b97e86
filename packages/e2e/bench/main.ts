/**
 * `npm run bench [-- --quick] [--only status,submit,…] [--json]`: each number beside its baselines, taken in
 * turn in the same run on the same machine. The ratios mean something; the numbers alone depend on the machine
 * and on what else runs. See docs/performance.md.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { System } from "../src/index.js";
import { measureStatus, measureSubmit } from "./http-measures.js";
import { type Latency, measureJobs, measureLatency } from "./job-measures.js";
import { type Figure, printFigure, printMeasure } from "./print.js";
import type { Measure } from "./rounds.js";
import { measureScale } from "./scale-measures.js";
import { measureStreams } from "./stream-measures.js";
import { measureDownload, measureStatusDuringUploads, measureUpload } from "./transfer-measures.js";

const NAMES = [
  "status",
  "submit",
  "upload",
  "download",
  "busy",
  "latency",
  "jobs",
  "scale",
  "streams",
  "moodle",
] as const;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: NAMES.join(",") },
    json: { type: "boolean", default: false },
  },
});
const { quick: isQuick, json: isJson } = values;
const only = values.only.split(",");
const unknown = only.filter((name) => !(NAMES as readonly string[]).includes(name));
if (unknown.length > 0) {
  console.error(`--only takes ${NAMES.join(", ")}; got ${unknown.join(", ")}.`);
  process.exit(2);
}
const wants = (name: (typeof NAMES)[number]) => only.includes(name);

const measures: Measure[] = [];
const latencies: Latency[] = [];
const figures: Figure[] = [];
const http = isQuick
  ? { rounds: 1, seconds: 2, inFlight: [16] }
  : { rounds: 3, seconds: 5, inFlight: [1, 16, 64] };
const transfer = isQuick ? { rounds: 1, bytes: 1 << 27 } : { rounds: 3, bytes: 1 << 30 };
const scale = isQuick
  ? { kept: 5_000, queued: 2_000, rounds: 1, requests: 1_000, pages: 20, idleSeconds: 5 }
  : { kept: 100_000, queued: 20_000, rounds: 5, requests: 3_000, pages: 50, idleSeconds: 20 };
const streams = isQuick ? { streams: 200, seconds: 3 } : { streams: 2_000, seconds: 20 };
const machine = `Node ${process.version}, ${availableParallelism()} cores`;

if (!isJson) console.log(`${machine}, ${isQuick ? "quick" : "full"} run`);
const system = await System.start({
  apis: 1,
  workers: 1,
  processors: ["noop"],
  hasRealLease: true,
  env: { LOG_LEVEL: "warn" },
});
try {
  if (wants("status")) await collect(measureStatus(system, http));
  if (wants("download")) await collect(measureDownload(system, transfer));
  if (wants("latency")) {
    latencies.push(...(await measureLatency(system, isQuick ? 50 : 300)));
    if (!isJson) console.log();
    for (const { name, p50Ms, p99Ms } of isJson ? [] : latencies)
      printFigure(name, `p50 ${p50Ms} ms, p99 ${p99Ms} ms`);
  }
  // From here on what is submitted waits: its work would compete for the cores.
  await Promise.all(system.workers.splice(0).map((worker) => worker.stop()));
  if (wants("submit")) await collect(measureSubmit(system, http));
  if (wants("upload")) await collect(measureUpload(system, transfer));
  if (wants("busy")) await collect(measureStatusDuringUploads(system, transfer));
  if (wants("jobs"))
    await collect(measureJobs(system, isQuick ? { rounds: 1, jobs: 300 } : { rounds: 3, jobs: 2_000 }));
} finally {
  await system.stop();
}
if (wants("scale")) await show(measureScale(scale));
if (wants("streams")) await show(measureStreams(streams));
if (wants("moodle")) {
  const { bench } = await import("../../../processors/moodle-log/bench/bench.js");
  await bench((line) => (isJson ? console.error(line) : console.log(line)), { quick: isQuick });
}
if (isJson)
  console.log(
    JSON.stringify(
      { node: process.version, cores: availableParallelism(), measures, latencies, figures },
      null,
      2,
    ),
  );

async function collect(found: AsyncIterable<Measure>): Promise<void> {
  for await (const measure of found) {
    measures.push(measure);
    if (!isJson) printMeasure(measure);
  }
}

async function show(found: AsyncIterable<Figure>): Promise<void> {
  if (!isJson) console.log();
  for await (const figure of found) {
    figures.push(figure);
    if (!isJson) printFigure(figure.name, figure.value);
  }
}
