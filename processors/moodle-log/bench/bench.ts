import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type SyntheticOptions, syntheticLines } from "../test/synthetic-log.js";

const run = promisify(execFile);
const ATTEMPT = fileURLToPath(new URL("./attempt.mjs", import.meta.url));

type BenchLog = SyntheticOptions & { readonly kind: "courses" | "site" };

/** The log of a few courses. */
function coursesLog(rows: number): BenchLog {
  return { kind: "courses", rows, users: 300, courses: 8 };
}

/** The log of a whole site: what is distinct in it grows with its events. */
function siteLog(rows: number): BenchLog {
  return { kind: "site", rows, users: rows / 5, courses: (3 * rows) / 1000, site: true, tricky: true };
}

const LOGS = [...[5_000, 100_000, 1_000_000, 2_000_000].map(coursesLog), siteLog(1_000_000)];
const QUICK_LOGS = [...[5_000, 100_000].map(coursesLog), siteLog(100_000)];
/** What an attempt may take, whatever the log. */
const MOST_MIB = 600;

interface Measured {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly events: number;
  readonly peakRssMiB: number;
  readonly longestSilenceMs?: number;
}

/**
 * Measures whole attempts of `moodle-log`, all artifacts, each in a child process of its own,
 * and beside each the floor: the same reader finding every row and writing one CSV, on one thread. Needs the
 * build, and about 6 GiB of temporary disk without `quick`.
 */
export async function bench(
  print: (line: string) => void,
  options: { readonly quick: boolean },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "moodle-log-bench-"));
  try {
    print(
      `moodle-log: whole attempts in a child process, ${availableParallelism()} cores, Node ${process.version}`,
    );
    print(
      "log     |    events |   file MB | wall s | CPU s | events/s | peak MiB | silence ms | floor s | ratio",
    );
    const peaks = new Map<string, number>();
    for (const log of options.quick ? QUICK_LOGS : LOGS)
      peaks.set(`${log.kind} ${log.rows}`, await benchLog(print, folder, log));
    const [one, two] = [peaks.get("courses 1000000"), peaks.get("courses 2000000")];
    if (one !== undefined && two !== undefined)
      print(`peak memory at 2,000,000 events is ${(two / one).toFixed(2)} × that at 1,000,000`);
    print(`highest peak: ${Math.max(...peaks.values()).toFixed(0)} MiB of ${MOST_MIB} MiB allowed`);
    print(
      "ratio: wall to floor. Beside reading rows and writing one CSV, an attempt decides about them, writes a second CSV and two",
    );
    print("XES files, five times the bytes of the input, and compresses and hashes all of them.");
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function benchLog(print: (line: string) => void, folder: string, log: BenchLog): Promise<number> {
  const events = log.rows;
  const path = join(folder, "log.csv");
  await pipeline(Readable.from(syntheticChunks(log)), createWriteStream(path));
  const floor = await measure("floor", { path, folder, times: 1 });
  const attempt = await measure("attempt", { path, folder, times: events < 10_000 ? 5 : 1 });
  if (attempt.events !== events || floor.events < events)
    throw new Error(`Not all of ${events} events came out: ${attempt.events}.`);
  const seconds = (ms = 0) => (ms / 1000).toFixed(2);
  const cells = [
    log.kind.padEnd(7),
    events.toLocaleString("en").padStart(9),
    ((await stat(path)).size / 1e6).toFixed(1).padStart(9),
    seconds(attempt.wallMs).padStart(6),
    seconds(attempt.cpuMs).padStart(5),
    Math.round(events / (attempt.wallMs / 1000))
      .toLocaleString("en")
      .padStart(8),
    attempt.peakRssMiB.toFixed(0).padStart(8),
    (attempt.longestSilenceMs ?? 0).toFixed(0).padStart(10),
    seconds(floor.wallMs).padStart(7),
    (attempt.wallMs / floor.wallMs).toFixed(1).padStart(5),
  ];
  print(cells.join(" | "));
  return attempt.peakRssMiB;
}

async function measure(
  mode: "attempt" | "floor",
  what: { readonly path: string; readonly folder: string; readonly times: number },
): Promise<Measured> {
  const { stdout } = await run(process.execPath, [ATTEMPT, mode, what.path, what.folder, String(what.times)]);
  return JSON.parse(stdout);
}

function* syntheticChunks(log: BenchLog): Generator<string> {
  let chunk = "";
  for (const line of syntheticLines(log)) {
    chunk += line;
    if (chunk.length < 1 << 20) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await bench((line) => process.stdout.write(`${line}\n`), { quick: process.argv.includes("--quick") });
}
