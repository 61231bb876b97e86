import type { JobEnd, JobRequest } from "@drover/core";
import { newRequest, signal, waitFor } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { connectQueue } from "../src/index.js";
import { queueOnRedis } from "./queue-bench.js";

const RETRY = { baseDelayMs: 0, maxDelayMs: 0 };
const LATER = 10_000_000_000_000;

const on = queueOnRedis({ syncDelayMs: 50 });

const keysLeft = async () =>
  (await on.client.keys(`*${on.prefix}*`)).map((key) => key.replaceAll(on.prefix, "p")).sort();

/** Runs whatever waits until the job has ended. */
async function run(request: JobRequest, isSuccess = true): Promise<number> {
  const consumer = on.queue.attempts.consume(
    "copy",
    { slots: 1, workerId: "w", retry: RETRY },
    async (attempt) => {
      await attempt.log([{ attempt: attempt.number, level: "info", message: "hello", at: 1 }]);
      return isSuccess
        ? { kind: "completed", result: { n: attempt.number }, artifacts: [] }
        : { kind: "failed", code: "input_invalid", message: "no", retryable: false };
    },
  );
  const job = await waitFor(async () => {
    const found = await on.queue.jobs.get(request.id);
    return found?.finishedAt == null ? undefined : found;
  });
  await consumer.drain(0);
  return job.finishedAt ?? 0;
}

async function failed(): Promise<{ request: JobRequest; at: number }> {
  const request = newRequest();
  await on.queue.jobs.submit(request);
  return { request, at: await run(request, false) };
}

const endOf = (changes: Partial<JobEnd> = {}): JobEnd => ({
  ...{ status: "completed", at: Date.now(), attempt: 2, result: { rows: 3 }, artifacts: [], error: null },
  ...changes,
});

describe("condensing a completed job", () => {
  it("leaves one key of it and its log, and no end in the options that other fields hold", async () => {
    const request = newRequest();
    await on.queue.jobs.submit(request);
    await run(request);
    const own = async () => (await keysLeft()).filter((key) => key.includes(request.id));
    const job = `{p:copy}:copy:${request.id}`;
    expect(await own()).toEqual([job, `${job}:history`, `${job}:logs`]);
    await on.queue.finished.condense(request);
    expect(await own()).toEqual([job, `${job}:logs`]);
    const options = await on.client.hget(job.replaceAll("{p", `{${on.prefix}`), "opts");
    expect(JSON.parse(options ?? "")).toEqual({
      ...{ attempts: request.maxAttempts, backoff: { type: "custom" }, priority: 101, stackTraceLimit: 0 },
    });
    expect(await on.queue.finished.expire(request, LATER)).toEqual({ tenant: "default" });
    expect(await own()).toEqual([`${job}:expired`]);
  });

  it("leaves a failed job alone, which a person may retry", async () => {
    const { request } = await failed();
    const before = await keysLeft();
    await on.queue.finished.condense(request);
    expect(await keysLeft()).toEqual(before);
    expect(await on.queue.jobs.retry(request.id)).toMatchObject({ status: "queued" });
  });
});

describe("expiring a finished job", () => {
  it("erases every key of the job but the note that it was erased", async () => {
    const { request } = await failed();
    expect(await on.queue.finished.expire(request, LATER)).toEqual({ tenant: "default" });
    expect((await keysLeft()).filter((key) => key.includes(request.id))).toEqual([
      `{p:copy}:copy:${request.id}:expired`,
    ]);
    expect(await on.queue.jobs.get(request.id)).toBeUndefined();
    expect((await on.queue.jobs.list({ limit: 10 })).jobs).toEqual([]);
    expect(await on.queue.finished.isExpired(request)).toBe(true);
  });

  it("leaves a job alone that ended later, that waits or that was never there", async () => {
    const { request, at } = await failed();
    expect(await on.queue.finished.expire(request, at)).toBeUndefined();
    const waiting = newRequest({ runAt: Date.now() + 60_000 });
    await on.queue.jobs.submit(waiting);
    expect(await on.queue.finished.expire(waiting, LATER)).toBeUndefined();
    expect(await on.queue.finished.expire(newRequest(), LATER)).toBeUndefined();
    expect(await on.queue.finished.isExpired(request)).toBe(false);
    expect((await on.queue.jobs.get(request.id))?.status).toBe("failed");
  });

  it("F21: a retry that was granted first keeps the job, one that comes later is refused", async () => {
    const first = await failed();
    expect((await on.queue.jobs.retry(first.request.id))?.status).toBe("queued");
    expect(await on.queue.finished.expire(first.request, LATER)).toBeUndefined();
    expect((await on.queue.jobs.get(first.request.id))?.status).toBe("queued");
    await run(first.request);
    const second = await failed();
    expect(await on.queue.finished.expire(second.request, LATER)).toEqual({ tenant: "default" });
    expect(await on.queue.jobs.retry(second.request.id)).toBeUndefined();
    expect(await on.queue.jobs.get(second.request.id)).toBeUndefined();
  });

  it("F21: of a retry and an expiry at the same moment exactly one wins, whichever it is", async () => {
    const other = connectQueue(on.options);
    const jobs = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const request = newRequest();
        await on.queue.jobs.submit(request);
        await on.queue.jobs.cancel(request.id);
        return request;
      }),
    );
    const answers = await Promise.all(
      jobs.map(async (request, i) => {
        const wait = () => on.client.ping(i % 2 === 0 ? "a" : "b");
        const [retried, expired] = await Promise.all([
          (i % 3 === 0 ? wait() : Promise.resolve()).then(() => other.jobs.retry(request.id)),
          (i % 3 === 1 ? wait().then(wait) : Promise.resolve()).then(() =>
            on.queue.finished.expire(request, LATER),
          ),
        ]);
        return { isGranted: retried !== undefined, expired, job: await on.queue.jobs.get(request.id) };
      }),
    );
    for (const { isGranted, expired, job } of answers) {
      expect(isGranted).toBe(expired === undefined);
      expect(job?.status).toBe(isGranted ? "queued" : undefined);
    }
    await other.close();
  });
});

describe("restoring an end", () => {
  it.each<[string, Partial<JobEnd>]>([
    ["completed with its result and artifacts", {}],
    ["failed with its code and message", failure("input_invalid", "Row 12")],
    ["cancelled", { status: "cancelled", result: null }],
  ])("makes a job %s again that the queue had lost", async (_what, changes) => {
    const artifact = {
      name: "a",
      key: "jobs/x/1-a/a",
      sizeBytes: 1,
      mediaType: "t/t",
      sha256: "00",
      isPrimary: true,
    };
    const end = endOf({ artifacts: changes.status === undefined ? [artifact] : [], ...changes });
    const request = newRequest({ params: { tz: "UTC" }, tags: { n: "1" }, priority: 7 });
    expect(await on.queue.finished.restore(request, end)).toBe("restored");
    const job = await on.queue.jobs.get(request.id);
    expect(job).toMatchObject({
      ...{ id: request.id, params: request.params, tags: request.tags, priority: 7 },
      ...{ status: end.status, finishedAt: end.at, attempt: 2, maxAttempts: 3, createdAt: request.createdAt },
      ...{ result: end.result, artifacts: end.artifacts, error: end.error },
    });
    expect((await on.queue.jobs.history(request.id)).events.map(({ type }) => type)).toContain("restored");
    expect(
      await on.queue.finished.finishedBefore(
        "copy",
        end.status === "completed" ? "completed" : "failed",
        LATER,
        9,
      ),
    ).toEqual([request.id]);
    expect(await on.queue.finished.restore(request, end), "once").toBe("kept");
  });

  it("takes a job that waits again out of the line: the queue forgot its end", async () => {
    for (const runAt of [null, Date.now() + 60_000]) {
      const request = newRequest({ runAt });
      await on.queue.jobs.submit(request);
      expect(await on.queue.finished.restore(request, endOf())).toBe("restored");
    }
    expect(await on.queue.health.depth("copy")).toEqual({ queued: 0, running: 0 });
  });

  it("leaves a job alone that runs, or whose end is as new", async () => {
    const { request, at } = await failed();
    expect(await on.queue.finished.restore(request, endOf({ at }))).toBe("kept");
    expect(await on.queue.finished.restore(request, endOf({ at: at + 1 })), "a newer end").toBe("restored");
    const running = newRequest();
    const started = signal();
    const go = signal();
    const consumer = on.queue.attempts.consume(
      "copy",
      { slots: 1, workerId: "w", retry: RETRY },
      async () => {
        started.resolve();
        await go.promise;
        return { kind: "cancelled" };
      },
    );
    await on.queue.jobs.submit(running);
    await started.promise;
    expect(await on.queue.finished.restore(running, endOf({ at: LATER }))).toBe("kept");
    go.resolve();
    await consumer.drain(1_000);
    expect((await on.queue.jobs.get(running.id))?.status).toBe("cancelled");
  });

  it("does not undo a person's retry of that very end", async () => {
    const { request, at } = await failed();
    await on.queue.jobs.retry(request.id);
    expect(await on.queue.finished.restore(request, endOf({ at }))).toBe("reopened");
    expect((await on.queue.jobs.get(request.id))?.status).toBe("queued");
    expect(await on.queue.finished.restore(request, endOf({ at: at + 1 }))).toBe("restored");
  });

  it("leaves a failed job that can be retried", async () => {
    const request = newRequest();
    await on.queue.finished.restore(request, endOf(failure("processor_error", "It broke.")));
    expect((await on.queue.jobs.retry(request.id))?.status).toBe("queued");
    await run(request);
    expect(await on.queue.jobs.get(request.id)).toMatchObject({
      status: "completed",
      attempt: 3,
      result: { n: 3 },
    });
  });
});

describe("adding a job that ended elsewhere", () => {
  const IMPORTED_AT = Date.now();
  const imported = () => newRequest({ importedAt: IMPORTED_AT, createdAt: 1_000, maxAttempts: 1 });

  it("shows it as it was, in the list too, and counts its retention from the import", async () => {
    const request = imported();
    expect(await on.queue.finished.addEnded(request, endOf({ at: 900, attempt: 1, percent: 12.5 }))).toBe(
      "added",
    );
    expect(await on.queue.jobs.get(request.id)).toMatchObject({
      ...{
        createdAt: 1_000,
        updatedAt: 900,
        finishedAt: 900,
        importedAt: IMPORTED_AT,
        progress: { percent: 12.5 },
      },
    });
    expect((await on.queue.jobs.list({ limit: 1 })).jobs).toMatchObject([{ id: request.id, updatedAt: 900 }]);
    expect(await on.queue.finished.finishedBefore("copy", "completed", IMPORTED_AT, 10)).toEqual([]);
    expect(await on.queue.finished.expire(request, IMPORTED_AT)).toBeUndefined();
    expect(await on.queue.finished.expire(request, IMPORTED_AT + 1)).toEqual({ tenant: "default" });
  });

  it("lets the later of two ends stand", async () => {
    const request = imported();
    await on.queue.finished.addEnded(request, endOf({ at: 2_000, result: "first" }));
    expect(await on.queue.finished.addEnded(request, endOf({ at: 2_000, result: "same time" }))).toBe("kept");
    expect(await on.queue.finished.addEnded(request, endOf({ at: 2_001, result: "later" }))).toBe("added");
    expect(await on.queue.jobs.get(request.id)).toMatchObject({ result: "later", updatedAt: 2_001 });
  });

  it("leaves another job of the id alone, whatever that one does, and one of another processor", async () => {
    const { request } = await failed();
    const waiting = newRequest();
    await on.queue.jobs.submit(waiting);
    const elsewhere = newRequest({ processor: "other" });
    await on.queue.jobs.submit(elsewhere);
    for (const { id } of [request, waiting, elsewhere]) {
      const before = await on.queue.jobs.get(id);
      expect(await on.queue.finished.addEnded({ ...imported(), id }, endOf({ at: LATER }))).toBe("taken");
      expect(await on.queue.jobs.get(id)).toEqual(before);
    }
  });
});

describe("what was recorded", () => {
  it("is taken for synced after the delay where the server has no WAITAOF, or by its word", async () => {
    const startedAt = performance.now();
    await on.queue.finished.synced(new AbortController().signal);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it("is not waited for any longer when the caller stops", async () => {
    const slow = connectQueue({ ...on.options, syncDelayMs: 60_000 });
    const stop = new AbortController();
    const waiting = slow.finished.synced(stop.signal);
    stop.abort(new Error("stop"));
    await waiting.catch(() => {}); // a server with WAITAOF may have answered before
    await slow.close();
  });
});

function failure(code: "input_invalid" | "processor_error", message: string): Partial<JobEnd> {
  return { status: "failed", result: null, error: { code, message, retryable: code === "processor_error" } };
}
