// One measured run in a process of its own: `node attempt.mjs attempt|floor <log.csv> <folder> <times>`;
// prints one line of JSON. Plain JavaScript on the built code, so that nothing but the processor is measured.
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { runAttempt } from "../../../packages/processor-sdk/dist/run-attempt.js";
import { moodleLog } from "../dist/index.js";
import { RecordScanner } from "../dist/kernel/text/row-scanner.js";
import { ByteWriter } from "../dist/kernel/write/byte-writer.js";

const [, , mode, path, folder, times] = process.argv;

/**
 * A whole attempt as the child process of a worker does it: its artifacts are compressed and hashed. The last of
 * several counts, so that it is a warm one.
 */
async function attempt() {
  let measured;
  for (let time = 0; time < Number(times); time++) {
    const own = await mkdtemp(join(folder, "attempt-"));
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const at = [];
    const { result } = await runAttempt(moodleLog, {
      input: {
        path,
        filename: "log.csv",
        mediaType: "text/csv",
        sizeBytes: (await stat(path)).size,
        sha256: "",
      },
      params: moodleLog.parseParams({}).params,
      attempt: 1,
      signal: new AbortController().signal,
      folder: own,
      onProgress: () => at.push(performance.now()),
      onLog: () => {},
    });
    const end = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    measured = {
      wallMs: end - start,
      cpuMs: (user + system) / 1000,
      events: result.rows.kept,
      longestSilenceMs: Math.max(0, ...at.slice(1).map((ms, i) => ms - at[i])),
    };
    await rm(own, { recursive: true });
  }
  return measured;
}

/** The floor: every row is found and written to one CSV, on one thread, and nothing else is done. */
function floor() {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const [input, output] = [openSync(path, "r"), openSync(join(folder, "floor.csv"), "w")];
  const buffer = Buffer.alloc(4 << 20);
  const scanner = new RecordScanner(44);
  const writer = new ByteWriter(8 << 20);
  let events = 0;
  let kept = 0;
  for (;;) {
    const read = readSync(input, buffer, kept, buffer.length - kept, null);
    const filled = kept + read;
    const limit = read === 0 ? filled : Math.max(0, filled - (1 << 20));
    let at = 0;
    writer.clear();
    while (at < limit) {
      scanner.scan(buffer, at, filled);
      writer.range(buffer, at, scanner.next);
      at = scanner.next;
      events++;
    }
    writeSync(output, writer.view());
    buffer.copyWithin(0, at, filled);
    kept = filled - at;
    if (read === 0) break;
  }
  closeSync(input);
  closeSync(output);
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: performance.now() - start, cpuMs: (user + system) / 1000, events: events - 1 };
}

const measured = mode === "floor" ? floor() : await attempt();
process.stdout.write(JSON.stringify({ ...measured, peakRssMiB: process.resourceUsage().maxRSS / 1024 }));
