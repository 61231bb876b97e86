import { execFileSync } from "node:child_process";
import { mkdir, rename, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DomainError } from "@drover/core";
import { newJobId, waitFor } from "@drover/testkit";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { ImportReport, startImport } from "../src/job-import/import-once.js";
import { linesOf, MAX_FILE_BYTES, MAX_LOG_BYTES, readJobFiles } from "../src/job-import/read-job-files.js";
import { ImportBench, recordOf } from "./job-import-bench.js";
import { recordingLog } from "./test-attempt.js";

let bench: ImportBench;
beforeEach(async () => {
  bench = await ImportBench.start();
});

const at = (...names: readonly string[]) => join(bench.folder, ...names);
const leftOut = (words: string) => ({ kind: "left_out", reason: expect.stringContaining(words) });

describe("a folder of job files", () => {
  test("may hold what is no job file: each is told by its name, and the others are imported", async () => {
    const id = newJobId();
    const [broken, list, early, empty, folder] = Array.from({ length: 5 }, newJobId);
    await bench.write(`${id}.json`, recordOf(id));
    await bench.write("report.json", recordOf(id));
    await bench.write(`${broken}.json`, '{"job_id":');
    await bench.write(`${list}.json`, "[]");
    await bench.write(`${early}.json`, recordOf(String(early), { created_at: "yesterday" }));
    await bench.write(`${empty}/events.log`, "\n\n");
    await bench.write(`${folder}/notes.txt`, "none");
    await bench.write(".hidden.json", "passed over");
    expect(await bench.import()).toEqual({
      [`jobs/${id}.json`]: { kind: "imported" },
      "jobs/report.json": leftOut("expected <job_id>.json or <job_id>/events.log, with a UUID"),
      [`jobs/${broken}.json`]: leftOut("expected one JSON object"),
      [`jobs/${list}.json`]: leftOut("expected one JSON object"),
      [`jobs/${early}.json`]: leftOut(
        'created_at: expected a time, as 2026-01-31T12:00:00.000Z; got "yesterday"',
      ),
      [`jobs/${empty}/events.log`]: leftOut("expected a JSON object a line"),
      [`jobs/${folder}`]: leftOut("holds no events.log"),
    });
  });

  test("may be the jobs folder itself", async () => {
    const id = newJobId();
    await bench.write(`${id}.json`, recordOf(id));
    await rename(at("jobs"), at("old"));
    const inner = Object.assign(await ImportBench.start(), { folder: at("old") });
    expect(await inner.import()).toEqual({ [`${id}.json`]: { kind: "imported" } });
  });

  test("is left by no link, and no pipe holds the import up", { timeout: 10_000 }, async () => {
    const [file, folder, log, pipe] = Array.from({ length: 4 }, newJobId);
    await writeFile(at("secret.json"), JSON.stringify(recordOf(String(file))));
    await mkdir(at("elsewhere"));
    await writeFile(at("elsewhere", "events.log"), JSON.stringify(recordOf(String(folder))));
    await symlink(at("secret.json"), at("jobs", `${file}.json`));
    await symlink(at("elsewhere"), at("jobs", String(folder)));
    await mkdir(at("jobs", String(log)));
    await symlink(at("elsewhere", "events.log"), at("jobs", String(log), "events.log"));
    execFileSync("mkfifo", [at("jobs", `${pipe}.json`)]);
    expect(await bench.import()).toEqual({
      [`jobs/${file}.json`]: leftOut("is a link"),
      [`jobs/${folder}`]: leftOut("is a link"),
      [`jobs/${log}`]: leftOut("no events.log that is a regular file"),
      [`jobs/${pipe}.json`]: leftOut("is no regular file"),
    });
  });

  test("is left by no link that takes a file's place after the look", async () => {
    const id = newJobId();
    await writeFile(at("secret.json"), JSON.stringify(recordOf(id)));
    await symlink(at("secret.json"), at("jobs", `${id}.json`));
    const files = { name: "x", id, file: at("jobs", `${id}.json`), log: undefined };
    await expect(readJobFiles(files)).rejects.toThrow("cannot be read (ELOOP)");
  });

  test("may hold files that are too large, which are not read", async () => {
    const [file, log] = [newJobId(), newJobId()];
    await bench.write(`${file}.json`, "");
    await truncate(at("jobs", `${file}.json`), MAX_FILE_BYTES + 1);
    await bench.write(`${log}/events.log`, "");
    await truncate(at("jobs", log, "events.log"), MAX_LOG_BYTES + 1);
    expect(await bench.import()).toEqual({
      [`jobs/${file}.json`]: leftOut(`at most ${MAX_FILE_BYTES} bytes; it has ${MAX_FILE_BYTES + 1}`),
      [`jobs/${log}/events.log`]: leftOut(`at most ${MAX_LOG_BYTES} bytes`),
    });
  });
});

describe("the lines of a log", () => {
  const chunksOf = async function* (chunks: readonly Uint8Array[]) {
    for (const chunk of chunks) yield Buffer.from(chunk);
  };
  const linesIn = async (chunks: readonly Uint8Array[]) => {
    const lines: (string | undefined)[] = [];
    for await (const line of linesOf(chunksOf(chunks))) lines.push(line?.toString("latin1"));
    return lines;
  };

  test("are the same however the bytes arrive", async () => {
    const chunk = fc
      .array(fc.constantFrom(0x0a, 0x61, 0x7d), { maxLength: 6 })
      .map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 6 }), async (chunks) => {
        const expected = Buffer.concat(chunks).toString("latin1").split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(await linesIn(chunks)).toEqual(expected);
      }),
    );
  });

  test("that are too long are none, and the next is read", async () => {
    const long = Buffer.alloc(MAX_FILE_BYTES, "x");
    expect(
      (await linesIn([long, Buffer.from("x\nb\n"), long, Buffer.from("\n")])).map((line) => line?.length),
    ).toEqual([...[undefined, 1, MAX_FILE_BYTES]]);
  });

  test("that are no updates are told of, with the first of them", async () => {
    const id = newJobId();
    await bench.write(`${id}/events.log`, `${JSON.stringify(recordOf(id))}\nnonsense\n\n[]\n`);
    const log = at("jobs", id, "events.log");
    expect(await readJobFiles({ name: "x", id, file: undefined, log })).toMatchObject({
      note: `2 lines, the first of them line 2, are no JSON object of at most ${MAX_FILE_BYTES} bytes and passed over.`,
    });
  });
});

test("a report shows no control characters of a name", () => {
  const [line] = new ImportReport().add({
    name: "jobs/a\u001b[2J\n.json",
    answer: { kind: "left_out", reason: "is odd" },
  });
  expect(line).toBe("Left out jobs/a?[2J?.json: is odd");
});

describe("an import at the start of a worker", () => {
  const start = (folder: string, confirm: () => Promise<void>) => {
    const log = recordingLog();
    const { queue } = bench.sweeps;
    const { clock } = bench.sweeps.deps();
    const deps = {
      ...bench.deps(),
      queue,
      clock,
      health: queue.health,
      processors: ["p"],
      installation: { confirm },
    };
    return { log, running: startImport(folder, { ...deps, log, quietLog: log }) };
  };

  test("waits for Redis and storage, and tells the counts", { timeout: 20_000 }, async () => {
    const id = newJobId();
    await bench.write(`${id}.json`, recordOf(id));
    await bench.write("odd.json", "{}");
    let looks = 0;
    const { log, running } = start(bench.folder, async () => {
      looks += 1;
      if (looks === 1) throw new DomainError("redis_unavailable", "Redis is away.");
    });
    await waitFor(() =>
      log.entries.some(({ message }) => message === "Imported 1 job, 0 already there, 1 left out."),
    );
    expect(log.entries.map(({ message }) => message)).toContain("Import put off; it is tried again");
    expect(log.entries.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("Left out jobs/odd.json"),
    );
    await running.stop();
  });

  test("gives a folder up that is not there, and stops while it waits", async () => {
    const missing = start(at("nowhere"), async () => {});
    await waitFor(() => missing.log.entries.some(({ message }) => message.includes("cannot be read")));
    await missing.running.stop();
    const id = newJobId();
    await bench.write(`${id}.json`, recordOf(id));
    const waiting = start(bench.folder, async () => {
      throw new DomainError("redis_unavailable", "Redis is away.");
    });
    await waitFor(() => waiting.log.entries.length > 0);
    await waiting.running.stop();
    expect(await bench.sweeps.job({ id })).toBeUndefined();
  });
});
