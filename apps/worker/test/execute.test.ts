import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { crc32, gunzipSync } from "node:zlib";
import type { JobEnd, Outcome } from "@drover/core";
import { bury, writeManifest } from "@drover/job-files";
import { chunksOf, waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ExecutorBench } from "./executor-bench.js";

let bench: ExecutorBench;
beforeAll(async () => {
  bench = await ExecutorBench.start();
});
afterAll(() => bench.close());
afterEach(async () => {
  expect(bench.leftFolders(), "no attempt leaves its folder").toEqual([]);
});

describe("an attempt that ends by itself", () => {
  test("a return publishes its artifacts under a path of the attempt's own, with progress and log lines recorded", async () => {
    const attempt = await bench.attempt("good");
    const outcome = await bench.executor("good").execute(attempt);
    expect(outcome).toMatchObject({ kind: "completed", result: { temporary: true } });
    if (outcome.kind !== "completed") return;
    expect(outcome.artifacts).toEqual([
      {
        name: "copy.txt",
        key: expect.stringMatching(new RegExp(`^jobs/${attempt.request.id}/1-[0-9a-f]{8}/copy.txt$`)),
        sizeBytes: 10,
        mediaType: "text/plain",
        sha256: createHash("sha256").update("some input").digest("hex"),
        isPrimary: true,
        crc32: crc32("some input"),
      },
    ]);
    expect(await bench.keys(`jobs/${attempt.request.id}/`)).toEqual([outcome.artifacts[0]?.key]);
    expect(attempt.updates).toEqual([{ percent: 50, stage: "half", message: null }]);
    expect(attempt.lines).toMatchObject([{ attempt: 1, level: "info", message: "half way" }]);
  });

  test("text is published as the gzip that was made of it, with the digests of both", async () => {
    const attempt = await bench.attempt("good");
    const text = Buffer.from("id,name\n".repeat(300_000));
    await bench.blobs.put(attempt.request.input.key, chunksOf(text));
    const outcome = await bench.executor("good").execute(attempt);
    const [artifact] = outcome.kind === "completed" ? outcome.artifacts : [];
    const stored = await readFile((await bench.blobs.localPath(artifact?.key ?? "", "")) ?? "");
    expect(gunzipSync(stored).equals(text)).toBe(true);
    const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    expect(artifact).toMatchObject({
      ...{ sizeBytes: text.length, sha256: sha256(text), crc32: crc32(text) },
      gzip: { sizeBytes: stored.length, sha256: sha256(stored) },
    });
  });

  test("a throw is a retryable processor_error without stack or path, and the stack is logged", async () => {
    expect(await bench.outcomeOf("throws")).toEqual({
      kind: "failed",
      code: "processor_error",
      message: "cannot read rows.csv at row 3",
      retryable: true,
    });
    const logged = bench.log.entries.find(({ message }) => message === "Processor threw");
    expect(String(logged?.fields.error)).toContain("/var/lib/secret/place/rows.csv");
  });

  test("an InputInvalidError is permanent and its message is kept as its author wrote it", async () => {
    expect(await bench.outcomeOf("rejects-input")).toEqual({
      kind: "failed",
      code: "input_invalid",
      message: "Row 12: expected a date; got /course/view",
      retryable: false,
    });
  });

  test("params that the processor's schema refuses are input_invalid", async () => {
    const attempt = await bench.attempt("good", { params: { note: 7 } });
    expect(await bench.executor("good").execute(attempt)).toMatchObject({
      code: "input_invalid",
      retryable: false,
    });
  });

  test("a TryLaterError says when to try again", async () => {
    expect(await bench.outcomeOf("tries-later")).toMatchObject({
      code: "processor_error",
      retryAfterMs: 1234,
      retryable: true,
    });
  });

  test.each([
    ["exits", "The processor's process ended with exit code 3."],
    ["segfaults", "The processor's process was ended by signal SIGSEGV."],
    ["unhandled", "The processor's process ended with exit code 1."],
  ])("a processor that %s is a retryable crash", async (processor, message) => {
    expect(await bench.outcomeOf(processor)).toEqual({
      kind: "failed",
      code: "crashed",
      message,
      retryable: true,
    });
  });

  test("a result over 64 KiB fails the attempt", async () => {
    expect(await bench.outcomeOf("returns-much")).toMatchObject({
      code: "processor_error",
      message: expect.stringContaining("at most 65536"),
    });
  });

  test("a result that is no JSON fails the attempt", async () => {
    expect(await bench.outcomeOf("returns-no-json")).toMatchObject({ code: "processor_error" });
  });

  test.each(["links", "forgets-to-write"])("a processor that %s publishes nothing", async (processor) => {
    const attempt = await bench.attempt(processor);
    expect(await bench.executor(processor).execute(attempt)).toMatchObject({ code: "processor_error" });
    expect(await bench.keys(`jobs/${attempt.request.id}/`)).toEqual([]);
  });

  test("an input that is gone is permanent", async () => {
    const attempt = await bench.attempt("good");
    await bench.blobs.remove(attempt.request.input.key);
    expect(await bench.executor("good").execute(attempt)).toMatchObject({
      code: "input_missing",
      retryable: false,
    });
  });

  test("a first attempt that starts past the queue timeout does not run; a later one does", async () => {
    const request = { queueTimeoutMs: 1_000, createdAt: Date.now() - 2_000 };
    const first = await bench.attempt("good", request);
    expect(await bench.executor("good").execute(first)).toMatchObject({
      code: "queue_timeout",
      retryable: false,
    });
    const second = await bench.attempt("good", request, 2);
    expect(await bench.executor("good").execute(second)).toMatchObject({ kind: "completed" });
  });
});

describe("what an attempt says", () => {
  test("printed lines become log lines, at most 500 of at most 2,000 characters, and nothing blocks", async () => {
    const attempt = await bench.attempt("prints");
    expect(await bench.executor("prints").execute(attempt)).toMatchObject({ result: "printed" });
    await waitFor(() => attempt.lines.length === 500, { what: "the lines arrived" });
    expect(Math.max(...attempt.lines.map(({ message }) => message.length))).toBe(2_000);
    expect(attempt.lines.at(-1)?.message).toContain("were dropped");
  });

  test("what one attempt prints last, without an end of line, is not taken for the next attempt's", async () => {
    for (const reason of ["first", "second"]) {
      const attempt = await bench.attempt("prints-its-params", { params: { reason } });
      await bench.executor("prints-its-params").execute(attempt);
      expect(attempt.lines.map(({ message }) => message.slice(0, 10)).sort()).toEqual(["----------", reason]);
    }
  });

  test("what it prints around the streams of Node, or by a process, is its own to the last byte", async () => {
    const pids = new Set<unknown>();
    // A worker with much to do finds the end of the attempt and what it printed at once.
    const busy = setInterval(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10), 1);
    onTestFinished(() => clearInterval(busy));
    for (let i = 0; i < 12; i++) {
      const attempt = await bench.attempt("prints-around-its-streams", { params: { reason: `job ${i}` } });
      const outcome = await bench.executor("prints-around-its-streams").execute(attempt);
      expect(attempt.lines.map(({ message }) => message.slice(0, 12)).sort()).toEqual([
        "by a process",
        "by the syste",
        `job ${i}`,
        `job ${i}`,
      ]);
      pids.add(outcome.kind === "completed" && (outcome.result as { pid: number }).pid);
    }
    expect(pids.size).toBe(1); // or nothing could be mixed up
  });

  test("two hundred thousand progress calls become a handful of updates, with each stage and the last", async () => {
    const attempt = await bench.attempt("reports-wildly");
    await bench.executor("reports-wildly").execute(attempt);
    expect(attempt.updates.length).toBeLessThan(20);
    expect(attempt.updates[0]).toMatchObject({ percent: 0, stage: "first" });
    expect(attempt.updates.map(({ stage }) => stage)).toContain("second");
    expect(attempt.updates.at(-1)).toEqual({ percent: 99.9995, stage: "second", message: "last" });
  });
});

describe("trouble of the worker's own", () => {
  test("an artifact that cannot be stored fails the attempt, and what was stored before it goes", async () => {
    const attempt = await bench.attempt("writes-two");
    const { blobs } = bench;
    const adopt = blobs.adopt.bind(blobs);
    let adopted = 0;
    blobs.adopt = async (key, path) => {
      adopted += 1;
      if (adopted === 2) throw new Error("disk full");
      await adopt(key, path);
    };
    const outcome = await bench.executor("writes-two").execute(attempt);
    blobs.adopt = adopt;
    expect(outcome).toMatchObject({ kind: "failed", code: "processor_error", retryable: true });
    expect(await bench.keys(`jobs/${attempt.request.id}/`)).toEqual([]);
    expect(bench.log.entries.some(({ level }) => level === "error")).toBe(true);
  });

  test("a module that ends while a child loads it is a crash, and the log shows what it printed", async () => {
    const own = await ExecutorBench.start({ nodeArguments: ["--no-such-option"] });
    const outcome = await own.executor("good").execute(await own.attempt("good"));
    expect(outcome).toMatchObject({
      code: "crashed",
      message: expect.stringContaining("could not be started"),
    });
    expect(own.log.entries.find(({ level }) => level === "error")?.fields["output"]).toContainEqual(
      expect.stringContaining("no-such-option"),
    );
    await own.close();
  });
});

describe("a job whose end Redis forgot", () => {
  const end = (changes: Partial<JobEnd>): JobEnd => ({
    ...{ status: "failed", at: 5_000, attempt: 1, result: null, artifacts: [], error: null },
    ...changes,
  });
  async function outcomeAfter(changes: Partial<JobEnd>, reopenedEnd: number | null = null): Promise<Outcome> {
    const attempt = await bench.attempt("good");
    attempt.reopenedEnd = reopenedEnd;
    await writeManifest({ version: 1, request: attempt.request, settled: end(changes) }, bench.blobs);
    return bench.executor("good").execute(attempt);
  }
  const artifact = {
    ...{ name: "a.txt", key: "jobs/x/1-a/a.txt", sizeBytes: 1, mediaType: "text/plain" },
    ...{ sha256: "00", isPrimary: true },
  };

  test("completes again with its result and artifacts, without running", async () => {
    await bench.blobs.put(artifact.key, chunksOf("x"));
    expect(await outcomeAfter({ status: "completed", result: { was: 1 }, artifacts: [artifact] })).toEqual({
      ...{ kind: "completed", result: { was: 1 }, artifacts: [artifact] },
    });
  });

  test("fails again with its code and message, for good, and stays cancelled", async () => {
    const error = { code: "timeout", message: "Too long.", retryable: true } as const;
    expect(await outcomeAfter({ error })).toEqual({ kind: "failed", ...error, retryable: false });
    expect(await outcomeAfter({ status: "cancelled" })).toEqual({ kind: "cancelled" });
  });

  test("runs when a person's retry undid that end, or when artifacts of it are gone", async () => {
    expect(await outcomeAfter({ status: "cancelled" }, 5_000)).toMatchObject({ kind: "completed" });
    const gone = { ...artifact, key: "jobs/x/1-a/gone.txt" };
    expect(await outcomeAfter({ status: "completed", result: "old", artifacts: [gone] })).toMatchObject({
      kind: "completed",
      result: expect.not.stringContaining("old"),
    });
  });

  test("does not run when a person had deleted it, unless it is a later job of the same id", async () => {
    const deleted = await bench.attempt("good");
    await bury(deleted.request, deleted.request.createdAt, bench.blobs);
    expect(await bench.executor("good").execute(deleted)).toEqual({ kind: "cancelled" });
    const later = await bench.attempt("good");
    await bury(later.request, later.request.createdAt - 1, bench.blobs);
    expect(await bench.executor("good").execute(later)).toMatchObject({ kind: "completed" });
  });
});

describe("after the outcome was recorded", () => {
  test("the job is handed on to be settled, which the slot does not wait for", async () => {
    const attempt = await bench.attempt("good");
    await bench.executor("good").onFinished(attempt);
    expect([...bench.settled.keys()]).toContain(attempt.request.id);
  });

  test("its manifest is handed on as the attempt found it, unless its end was in it", async () => {
    const found = async (settled: JobEnd | null, reopenedEnd: number | null = null) => {
      const attempt = await bench.attempt("good");
      attempt.reopenedEnd = reopenedEnd;
      const { request } = attempt;
      await writeManifest({ version: 1, request, settled }, bench.blobs);
      await bench.executor("good").execute(attempt);
      await bench.executor("good").onFinished(attempt);
      return { request, manifest: bench.settled.get(request.id) };
    };
    const ended: JobEnd = {
      ...{ status: "cancelled", at: 5_000, attempt: 1, result: null, artifacts: [], error: null },
    };
    const fresh = await found(null);
    expect(fresh.manifest).toEqual({ version: 1, request: fresh.request, settled: null });
    expect((await found(ended)).manifest).toBeUndefined();
    expect((await found(ended, 5_000)).manifest).toMatchObject({ settled: null, reopenedEnd: 5_000 });
  });

  test("what an attempt stored goes when its lease was another's", async () => {
    const attempt = await bench.attempt("good");
    const executor = bench.executor("good");
    await executor.execute(attempt);
    expect(await bench.keys(`jobs/${attempt.request.id}/`)).toHaveLength(1);
    await executor.onDiscarded(attempt);
    expect(await bench.keys(`jobs/${attempt.request.id}/`)).toEqual([]);
  });
});

describe("a processor in the worker's own process", () => {
  test("runs there", async () => {
    expect(await bench.outcomeOf("in-process")).toMatchObject({ result: { pid: process.pid, size: 10 } });
  });

  test("is left behind when it does not heed its timeout", async () => {
    expect(await bench.outcomeOf("in-process-endless")).toMatchObject({ code: "timeout" });
  });
});

describe("the log of an attempt", () => {
  test("names the request that submitted the job in each line, beside job, processor and attempt", async () => {
    const attempt = await bench.attempt("good", { requestId: "request-1" });
    await bench.executor("good").execute(attempt);
    const { id } = attempt.request;
    const lines = bench.log.entries.filter(({ fields }) => fields.job_id === id);
    expect(lines.map(({ message }) => message)).toEqual(["Attempt started", "half way", "Attempt finished"]);
    for (const { level, fields } of lines) {
      expect(level).toBe("info");
      expect(fields).toMatchObject({ request_id: "request-1", processor: "good", attempt: 1 });
    }
  });

  test("warns of a failure, with its code", async () => {
    const attempt = await bench.attempt("rejects-input");
    await bench.executor("rejects-input").execute(attempt);
    const ended = bench.log.entries.findLast(({ message }) => message === "Attempt finished");
    expect(ended).toMatchObject({
      level: "warn",
      fields: { job_id: attempt.request.id, outcome: "failed", code: "input_invalid", retryable: false },
    });
  });
});
