import type { JobId, JobQuery } from "@drover/core";
import { describe, expect } from "vitest";
import { COMPLETED, FAILED, type QueueBench, queueTest } from "./queue-bench.js";

const it = queueTest();

describe("listing", () => {
  it("lists nothing when there is nothing", async ({ bench }) => {
    expect(await bench.queue.jobs.list({ limit: 10 })).toEqual({ jobs: [], nextCursor: null });
  });

  it("lists the jobs of all processors, newest first", async ({ bench }) => {
    const old = await bench.submit();
    const other = await bench.submit({ processor: `${bench.processor}-b` });
    const fresh = await bench.submit();
    const { jobs, nextCursor } = await bench.other.jobs.list({ limit: 10 });
    expect(jobs.map((job) => job.id)).toEqual([fresh.id, other.id, old.id]);
    expect(jobs[0]).toMatchObject({ status: "queued", params: fresh.params, tags: fresh.tags });
    expect(nextCursor).toBeNull();
  });

  it("leads by its cursor through 120 jobs, each once, while new ones come in", async ({ bench }) => {
    const jobs = await Promise.all(Array.from({ length: 120 }, () => bench.submit()));
    const sizes: number[] = [];
    const seen: JobId[] = [];
    let cursor: string | null = null;
    do {
      const page = await bench.queue.jobs.list({ limit: 50, ...(cursor === null ? {} : { cursor }) });
      sizes.push(page.jobs.length);
      seen.push(...page.jobs.map((job) => job.id));
      cursor = page.nextCursor;
      await bench.submit();
    } while (cursor !== null);
    expect(sizes).toEqual([50, 50, 20]);
    const newestFirst = jobs.toSorted((a, b) => b.createdAt - a.createdAt);
    expect(seen).toEqual(newestFirst.map((job) => job.id));
  });

  it("lists jobs of one time each once, by id, also when the last one of a page is deleted before the next page", async ({
    bench,
  }) => {
    const createdAt = 1_767_225_600_000;
    const older = await bench.submit({ createdAt: createdAt - 1 });
    const newer = await bench.submit({ createdAt: createdAt + 1 });
    const jobs = await Promise.all(Array.from({ length: 9 }, () => bench.submit({ createdAt })));
    const sameTime = jobs
      .map((job) => job.id)
      .toSorted()
      .toReversed();
    const seen: JobId[] = [];
    let cursor: string | null = null;
    do {
      const page = await bench.queue.jobs.list({ limit: 3, ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.jobs.map((job) => job.id));
      cursor = page.nextCursor;
      const last = page.jobs.at(-1);
      if (last !== undefined) await bench.other.jobs.remove(last.id);
    } while (cursor !== null);
    expect(seen).toEqual([newer.id, ...sameTime, older.id]);
  });

  it("ends with a page that is exactly full", async ({ bench }) => {
    for (let i = 0; i < 4; i++) await bench.submit();
    const all = await collect(bench, { limit: 2 });
    expect(all).toHaveLength(4);
  });

  it("filters by status, processor, tags, time and text", async ({ bench }) => {
    const done = await bench.submit({ tags: { course: "CS101", term: "fall" } });
    (await bench.consumeManually().next()).end(COMPLETED);
    await bench.until(done.id, "completed");
    const elsewhere = await bench.submit({ processor: `${bench.processor}-b`, tags: { course: "CS102" } });
    const named = await bench.submit({
      processor: `${bench.processor}-b`,
      input: { ...bench.request().input, filename: "Grades Final.csv" },
    });
    const ids = (query: Omit<JobQuery, "limit">) => collect(bench, { ...query, limit: 50 });
    expect(await ids({ status: "completed" })).toEqual([done.id]);
    expect(await ids({ status: "queued" })).toEqual([named.id, elsewhere.id]);
    expect(await ids({ status: "failed" })).toEqual([]);
    expect(await ids({ processor: bench.processor })).toEqual([done.id]);
    expect(await ids({ processor: "no-such" })).toEqual([]);
    expect(await ids({ tags: { course: "CS102" } })).toEqual([elsewhere.id]);
    expect(await ids({ tags: { course: "CS101", term: "fall" } })).toEqual([done.id]);
    expect(await ids({ tags: { course: "CS101", term: "spring" } })).toEqual([]);
    expect(await ids({ createdAfter: done.createdAt })).toEqual([named.id, elsewhere.id]);
    expect(await ids({ text: "grades" })).toEqual([named.id]);
    expect(await ids({ text: "FALL" })).toEqual([done.id]);
    expect(await ids({ text: elsewhere.id.slice(-12).toUpperCase() })).toEqual([elsewhere.id]);
    expect(await ids({ status: "queued", text: "CS102" })).toEqual([elsewhere.id]);
  });

  it("finds every match behind many jobs that do not match", async ({ bench }) => {
    const wanted = await bench.submit({ tags: { wanted: "yes" } });
    await Promise.all(Array.from({ length: 110 }, () => bench.submit()));
    expect(await collect(bench, { limit: 5, tags: { wanted: "yes" } })).toEqual([wanted.id]);
  });

  it("answers a short page with a cursor rather than look at more than a thousand requests", async ({
    bench,
  }) => {
    const wanted = await bench.submit({ tags: { wanted: "yes" } });
    for (let i = 0; i < 21; i++) await Promise.all(Array.from({ length: 50 }, () => bench.submit()));
    const query = { limit: 5, tags: { wanted: "yes" } };
    const page = await bench.queue.jobs.list(query);
    expect(page).toEqual({ jobs: [], nextCursor: expect.any(String) });
    expect(await collect(bench, query)).toEqual([wanted.id]);
  });

  it("keeps the order of jobs of several processors, also where it looks into each queue by itself", async ({
    bench,
  }) => {
    const jobs = [];
    for (let i = 0; i < 6; i++)
      jobs.push(await bench.submit({ processor: `${bench.processor}-${i % 2}`, tags: { wanted: "yes" } }));
    const newestFirst = jobs.map((job) => job.id).toReversed();
    expect(await collect(bench, { limit: 2, tags: { wanted: "yes" }, status: "queued" })).toEqual(
      newestFirst,
    );
  });

  it("tells cancelled jobs from failed ones", async ({ bench }) => {
    const cancelled = await bench.submit();
    await bench.queue.jobs.cancel(cancelled.id);
    const failed = await bench.submit({ maxAttempts: 1 });
    (await bench.consumeManually().next()).end(FAILED);
    await bench.until(failed.id, "failed");
    expect(await collect(bench, { limit: 5, status: "cancelled" })).toEqual([cancelled.id]);
    expect(await collect(bench, { limit: 5, status: "failed" })).toEqual([failed.id]);
  });

  it("finds failed jobs by the code and the message of their error, and by no other one's", async ({
    bench,
  }) => {
    const failed = await bench.submit({ maxAttempts: 1 });
    (await bench.consumeManually().next()).end(FAILED);
    await bench.until(failed.id, "failed");
    const cancelled = await bench.submit();
    await bench.queue.jobs.cancel(cancelled.id);
    await bench.submit();
    for (const text of [
      FAILED.code,
      FAILED.message.slice(3).toUpperCase(),
      `${FAILED.code}: ${FAILED.message}`,
    ])
      expect(await collect(bench, { limit: 5, text })).toEqual([failed.id]);
    expect(await collect(bench, { limit: 5, text: "Job was cancelled" })).toEqual([]);
    expect((await bench.queue.jobs.get(failed.id))?.worker).toBe("worker-1");
  });

  it("refuses a cursor that it did not give", async ({ bench }) => {
    const foreign = ["made up", "0199f0a0-0000-7000-8000-000000000000", "", "MTIz", btoa("1e9 x"), "\0"];
    for (const cursor of foreign) {
      await expect(bench.queue.jobs.list({ limit: 5, cursor })).rejects.toMatchObject({
        code: "invalid_request",
        message: expect.stringContaining("next_cursor of an earlier page"),
      });
    }
  });
});

/** The ids of all pages. */
async function collect(bench: QueueBench, query: JobQuery): Promise<JobId[]> {
  const ids: JobId[] = [];
  let cursor: string | null = null;
  do {
    const page = await bench.queue.jobs.list({ ...query, ...(cursor === null ? {} : { cursor }) });
    ids.push(...page.jobs.map((job) => job.id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}
