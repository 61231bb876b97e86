import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SyntheticOptions, syntheticLines } from "./synthetic-log.js";

const run = promisify(execFile);
const ATTEMPT = fileURLToPath(new URL("../bench/attempt.mjs", import.meta.url));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "moodle-log-memory-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Highest resident memory of a process that does one attempt with the log. */
async function peakMiB(options: SyntheticOptions): Promise<number> {
  const path = join(folder, "log.csv");
  await pipeline(Readable.from(syntheticLines(options)), createWriteStream(path));
  const { stdout } = await run(process.execPath, [ATTEMPT, "attempt", path, folder, "1"]);
  return JSON.parse(stdout).peakRssMiB;
}

test("a log of thousands of people and places takes hardly more memory than one of few", async () => {
  const few = await peakMiB({ rows: 80_000, users: 300, courses: 8 });
  const many = await peakMiB({ rows: 80_000, users: 40_000, courses: 1_000, site: true, tricky: true });
  expect(many).toBeLessThan(1.4 * few);
}, 120_000);
