import { type Job, type JobId, keptFrom } from "@drover/core";
import { bury, importedInputKey, readManifest } from "@drover/job-files";
import { newJobId } from "@drover/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { ImportBench, recordOf } from "./job-import-bench.js";
import { HOUR } from "./sweep-bench.js";

const CREATED = Date.parse("2024-03-01T10:00:00.000Z");
const UPDATED = Date.parse("2024-03-01T10:05:00.250Z");
const TAKEN = { kind: "left_out", reason: expect.stringContaining("the id of a job that was not imported") };

let bench: ImportBench;
let id: JobId;
beforeEach(async () => {
  bench = await ImportBench.start();
  id = newJobId();
});

const job = async (): Promise<Job | undefined> => bench.sweeps.job({ id });

describe("importing the files of a job", () => {
  test("gives it the id, times, progress and result that they tell, and says in its history that it was imported", async () => {
    await bench.write(`${id}.json`, recordOf(id, { progress: 99.25 }));
    expect(await bench.import()).toEqual({ [`jobs/${id}.json`]: { kind: "imported" } });
    expect(await job()).toMatchObject({
      ...{
        id,
        processor: "p",
        status: "completed",
        createdAt: CREATED,
        updatedAt: UPDATED,
        finishedAt: UPDATED,
      },
      ...{ progress: { percent: 99.25 }, result: recordOf(id).result, error: null, artifacts: [] },
      input: { filename: `${id}.json`, key: importedInputKey(id) },
    });
    const { events } = await bench.sweeps.queue.jobs.history(id);
    expect(events.map(({ type }) => type)).toEqual(["accepted", "imported", "finished"]);
    expect((await bench.sweeps.queue.jobs.list({ limit: 10 })).jobs.map((each) => each.id)).toEqual([id]);
  });

  test("keeps times that lie before the creation, and a failed one's progress and message", async () => {
    const error_message = `Traceback (most recent call last):\n  ${"x".repeat(50)}`;
    const change = {
      status: "failed",
      progress: 41.26,
      error_message,
      updated_at: "2024-03-01T09:59:59.999Z",
    };
    await bench.write(`${id}.json`, recordOf(id, change));
    await bench.import();
    expect(await job()).toMatchObject({
      ...{ status: "failed", createdAt: CREATED, updatedAt: CREATED - 1, progress: { percent: 41.26 } },
      error: { code: "processor_error", message: error_message },
      result: null,
    });
  });

  test("reads a log alone, and one beside a file, with an id in capitals", async () => {
    const other = newJobId();
    const lines = [
      recordOf(id, { status: "queued", progress: 0, result: null }),
      { status: "running", progress: 40 },
      { status: "completed", progress: 100, result: { n: 1 }, updated_at: "2024-03-01T10:05:00.250Z" },
    ];
    await bench.write(
      `${id.toUpperCase()}/events.log`,
      lines.map((line) => JSON.stringify(line)).join("\r\n"),
    );
    await bench.write(`${other}.json`, recordOf(other, { status: "running", result: null, progress: 10 }));
    await bench.write(`${other}/events.log`, `${JSON.stringify(lines[2])}\n{"status":"fai`);
    expect(await bench.import()).toEqual({
      [`jobs/${id.toUpperCase()}/events.log`]: { kind: "imported" },
      [`jobs/${other}.json`]: { kind: "imported" },
    });
    for (const each of [id, other])
      expect(await bench.sweeps.job({ id: each })).toMatchObject({
        status: "completed",
        result: { n: 1 },
        updatedAt: UPDATED,
      });
  });

  test("ends one that was running as worker_lost and one that waited as input_missing, each in a sentence", async () => {
    const other = newJobId();
    await bench.write(`${id}.json`, recordOf(id, { status: "running", progress: 40 }));
    await bench.write(`${other}.json`, recordOf(other, { status: "queued", progress: 0 }));
    await bench.import();
    expect(await job()).toMatchObject({
      status: "failed",
      progress: { percent: 40 },
      updatedAt: UPDATED,
      error: { code: "worker_lost" },
    });
    expect(await bench.sweeps.job({ id: other })).toMatchObject({
      attempt: 0,
      error: { code: "input_missing" },
    });
  });
});

describe("a repeated import", () => {
  test("changes nothing, also when several do it at once", async () => {
    const ids = Array.from({ length: 20 }, newJobId);
    for (const each of ids) await bench.write(`${each}.json`, recordOf(each));
    const answers = await Promise.all([bench.import(), bench.import(), bench.import()]);
    const imported = answers
      .flatMap((answer) => Object.values(answer))
      .filter(({ kind }) => kind === "imported");
    expect(imported).toHaveLength(ids.length);
    expect(new Set(Object.values(await bench.import()).map(({ kind }) => kind))).toEqual(
      new Set(["present"]),
    );
    expect((await bench.sweeps.queue.jobs.list({ limit: 100 })).jobs).toHaveLength(ids.length);
    expect(await bench.sweeps.keys("inputs/")).toHaveLength(ids.length);
  });

  test("takes what the files tell of a later time, and of no earlier one", async () => {
    await bench.write(`${id}.json`, recordOf(id, { status: "running", progress: 5 }));
    await bench.import();
    await bench.write(`${id}.json`, recordOf(id, { updated_at: "2024-03-01T10:06:00Z" }));
    expect(Object.values(await bench.import())).toEqual([{ kind: "updated" }]);
    expect(await job()).toMatchObject({ status: "completed", updatedAt: UPDATED + 59_750 });
    await bench.write(`${id}.json`, recordOf(id, { status: "failed" }));
    expect(Object.values(await bench.import())).toEqual([
      { kind: "left_out", reason: expect.stringContaining("its updated_at is no later") },
    ]);
    expect(await job()).toMatchObject({ status: "completed" });
  });

  test("does not bring back what was deleted or has expired", async () => {
    const expired = newJobId();
    for (const each of [id, expired]) await bench.write(`${each}.json`, recordOf(each));
    await bench.import();
    await bench.sweeps.queue.finished.expire({ id: expired, processor: "p" }, Date.now() + HOUR);
    await bury({ id }, Date.now(), bench.sweeps.blobs);
    await bench.sweeps.queue.jobs.remove(id);
    expect(Object.values(await bench.import())).toEqual([{ kind: "gone" }, { kind: "gone" }]);
    expect(await job()).toBeUndefined();
  });

  test("for another processor is refused in words", async () => {
    await bench.write(`${id}.json`, recordOf(id));
    await bench.import();
    expect(Object.values(await bench.import({ processor: "q" }))).toEqual([
      { kind: "left_out", reason: expect.stringContaining("for the processor p before") },
    ]);
  });
});

test("an imported job belongs to the tenant that it is imported for, and stays there", async () => {
  await bench.write(`${id}.json`, recordOf(id));
  await bench.import({ tenant: "acme" });
  expect(await job()).toMatchObject({ tenant: "acme" });
  expect(await bench.sweeps.queue.of("default").jobs.get(id)).toBeUndefined();
  expect(Object.values(await bench.import())).toEqual([
    { kind: "left_out", reason: expect.stringContaining("for the tenant acme before") },
  ]);
  expect(await job()).toMatchObject({ tenant: "acme" });
});

describe("a job that was not imported keeps its id", () => {
  test("whatever it does", async () => {
    const submitted = await bench.sweeps.submitted({ id });
    await bench.write(`${id}.json`, recordOf(id));
    expect(Object.values(await bench.import())).toEqual([TAKEN]);
    expect(await job()).toMatchObject({ status: "queued", input: submitted.input });
    await bench.sweeps.run(submitted, { kind: "completed", result: "own", artifacts: [] });
    expect(Object.values(await bench.import())).toEqual([TAKEN]);
    expect(await job()).toMatchObject({ result: "own" });
  });

  test("also when it comes between the look and the write", async () => {
    await bench.write(`${id}.json`, recordOf(id));
    const submitted = await bench.sweeps.submitted({ id });
    const { jobs } = bench.sweeps.queue;
    const blind = { ...bench.deps().queue, jobs: { ...jobs, get: async () => undefined } };
    expect(Object.values(await bench.import({ queue: blind }))).toEqual([TAKEN]);
    expect(await job()).toMatchObject({ status: "queued", input: submitted.input });
    expect(
      await readManifest(importedInputKey(id), bench.sweeps.blobs),
      "its manifest is gone",
    ).toBeUndefined();
  });
});

describe("imported jobs", () => {
  test("are kept for the retention from the import on, and then expire with their manifest", async () => {
    await bench.write(`${id}.json`, recordOf(id));
    await bench.import();
    bench.sweeps.ahead = HOUR;
    expect(await bench.sweeps.sweep()).toMatchObject({
      jobsExpired: 0,
      restored: 0,
      settled: 0,
      inputsRemoved: 0,
    });
    expect(await job()).toBeDefined();
    bench.sweeps.ahead = 3 * HOUR;
    expect(await bench.sweeps.sweep()).toMatchObject({ jobsExpired: 1 });
    expect(await job()).toBeUndefined();
    expect(await bench.sweeps.keys()).toEqual([]);
  });

  test("come back as they were when Redis loses them, until their retention is over", async () => {
    const failed = newJobId();
    await bench.write(`${id}.json`, recordOf(id, { progress: 99 }));
    await bench.write(
      `${failed}.json`,
      recordOf(failed, { status: "failed", error_message: "No.", progress: 12.5 }),
    );
    await bench.import();
    const before = [await job(), await bench.sweeps.job({ id: failed })];
    await bench.sweeps.forget();
    bench.sweeps.ahead = HOUR;
    expect(await bench.sweeps.sweep()).toMatchObject({ restored: 2 });
    expect([await job(), await bench.sweeps.job({ id: failed })]).toEqual(before);
    expect(keptFrom(before[0] ?? { importedAt: 0 }, UPDATED)).toBeGreaterThan(Date.now() - HOUR);
    expect(await bench.sweeps.sweep()).toMatchObject({ restored: 0, settled: 0, jobsExpired: 0 });
    await bench.sweeps.forget();
    bench.sweeps.ahead = 5 * HOUR;
    expect(await bench.sweeps.sweep()).toMatchObject({ restored: 0, inputsRemoved: 2 });
  });

  test("come back by an import too, before a sweep came by, and keep the time they were imported at", async () => {
    await bench.write(`${id}.json`, recordOf(id));
    await bench.import();
    const before = await job();
    await bench.sweeps.forget();
    expect(Object.values(await bench.import())).toEqual([{ kind: "imported" }]);
    expect(await job()).toEqual(before);
  });
});
