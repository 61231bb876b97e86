import { type Attempt, DomainError, type Outcome, type QueuePorts } from "@drover/core";
import { signal, testQueue, waitFor, withMethods } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import {
  completeWith,
  formWith,
  json,
  startApi,
  submitted,
  type TestApi,
  type TestApiOptions,
  watchedQueue,
  work,
} from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
  return api;
};
const get = (path: string, init?: RequestInit) => fetch(`${api.url}${path}`, init);

/** Runs one job to its end and answers it. */
async function finished(execute: (attempt: Attempt) => Promise<Outcome>) {
  const { job_id } = await submitted(api);
  const consumer = work(api, execute);
  const job = await waitFor(async () => {
    const now = await json(get(`/api/jobs/${job_id}`));
    return now["completed_at"] === null ? undefined : now;
  });
  await consumer.drain(0);
  return job;
}

describe("a status read", () => {
  it("shows a completed job with result, artifacts and when it expires", async () => {
    await start();
    const job = await finished((attempt) => completeWith(api, attempt, Buffer.from("zip")));
    expect(job).toMatchObject({
      status: "completed",
      progress: 100,
      result: { rows: 2 },
      waiting: null,
      artifacts: [
        {
          name: "out.zip",
          size_bytes: 3,
          media_type: "application/zip",
          url: `/api/jobs/${job.job_id}/artifacts/out.zip`,
        },
      ],
    });
    expect(Date.parse(String(job["expires_at"])) - Date.parse(String(job["completed_at"]))).toBe(60_000);
  });

  it("shows why a job failed, and keeps it longer", async () => {
    await start();
    const job = await finished(async () => ({
      kind: "failed",
      code: "input_invalid",
      message: "Row 12: no date",
      retryable: false,
    }));
    expect(job).toMatchObject({
      status: "failed",
      error: { code: "input_invalid", message: "Row 12: no date", retryable: false },
      result: null,
      artifacts: [],
    });
    expect(Date.parse(String(job["expires_at"])) - Date.parse(String(job["completed_at"]))).toBe(120_000);
  });

  it("shows progress of a running job, never 100 before it is completed", async () => {
    await start();
    const { job_id } = await submitted(api);
    const go = signal();
    const consumer = work(api, async (attempt) => {
      await attempt.progress({ percent: 100, stage: "pack", message: "Packing" });
      await go.promise;
      return completeWith(api, attempt, Buffer.from("zip"));
    });
    const running = await waitFor(async () => {
      const now = await json(get(`/api/jobs/${job_id}`));
      return now["stage"] === "pack" ? now : undefined;
    });
    expect(running).toMatchObject({ status: "running", progress: 99.9, message: "Packing", attempt: 1 });
    go.resolve();
    await consumer.drain(1_000);
  });

  it("says when to look again while the job is not finished, and not afterwards", async () => {
    await start();
    const { job_id } = await submitted(api);
    expect((await get(`/api/jobs/${job_id}`)).headers.get("retry-after")).toBe("1");
    const done = await finished((attempt) => completeWith(api, attempt, Buffer.from("zip")));
    expect((await get(`/api/jobs/${done.job_id}`)).headers.get("retry-after")).toBeNull();
  });

  it("answers 304 to a client that has this very state, and 200 after a change", async () => {
    await start();
    const { job_id } = await submitted(api);
    const etag = (await get(`/api/jobs/${job_id}`)).headers.get("etag") ?? "";
    const again = await get(`/api/jobs/${job_id}`, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
    await get(`/api/jobs/${job_id}/cancel`, { method: "POST" });
    expect((await get(`/api/jobs/${job_id}`, { headers: { "if-none-match": etag } })).status).toBe(200);
  });

  it("finds a job whatever the case of its id", async () => {
    await start();
    const { job_id } = await submitted(api);
    expect((await get(`/api/jobs/${job_id.toUpperCase()}`)).status).toBe(200);
  });

  it("has no body for HEAD", async () => {
    await start();
    const { job_id } = await submitted(api);
    const head = await get(`/api/jobs/${job_id}`, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
  });

  it("carries the timeline only when asked", async () => {
    await start();
    const job = await finished(async () => ({
      kind: "failed",
      code: "input_invalid",
      message: "no",
      retryable: false,
    }));
    expect(job["timeline"]).toBeUndefined();
    const full = await json(get(`/api/jobs/${job.job_id}?include=timeline`));
    expect(full["timeline"]).toMatchObject([
      { type: "accepted" },
      { type: "started", attempt: 1, worker: "w1" },
      { type: "finished", status: "failed", code: "input_invalid" },
    ]);
    for (const event of full["timeline"] as { at: string }[]) expect(event.at).toMatch(/^\d{4}-.*\.\d{3}Z$/);
  });

  it("is 410 with the time while the tombstone of an expired job lives, and 404 for one that never was", async () => {
    await start();
    const id = "12345678-1234-1234-1234-123456789abc";
    expect((await get(`/api/jobs/${id}`)).status).toBe(404);
    await api.queue.facts.set(`expired:${id}`, "2026-01-01T00:00:00.000Z", 60_000);
    const response = await get(`/api/jobs/${id}`);
    expect(response.status).toBe(410);
    expect(await json(response)).toMatchObject({
      code: "job_expired",
      expired_at: "2026-01-01T00:00:00.000Z",
    });
  });
});

describe("a long poll", () => {
  it("answers when the status changes, in far less than what it may wait", async () => {
    const { queue, watched } = await watchedQueue();
    await start({ queue });
    const { job_id } = await submitted(api);
    const first = watched();
    const poll = json(get(`/api/jobs/${job_id}?wait=60`));
    await first;
    const go = signal();
    const consumer = work(api, async (attempt) => {
      await go.promise;
      return completeWith(api, attempt, Buffer.from("zip"));
    });
    expect((await poll).status).toBe("running");
    const second = watched();
    const nextPoll = json(get(`/api/jobs/${job_id}?wait=60`));
    await second;
    go.resolve();
    expect((await nextPoll).status).toBe("completed");
    await consumer.drain(1_000);
  });

  it("does not end on progress alone", async () => {
    const queue = await testQueue();
    const read = signal();
    const jobs = withMethods(queue.jobs, {
      get: async (id) => {
        const job = await queue.jobs.get(id);
        if (job?.progress.percent === 10) read.resolve();
        return job;
      },
    });
    await start({ queue: { ...queue, jobs } });
    const { job_id } = await submitted(api);
    const begin = signal();
    const progress = signal();
    const go = signal();
    const consumer = work(api, async (attempt) => {
      begin.resolve();
      await progress.promise;
      await attempt.progress({ percent: 10, stage: null, message: null });
      await go.promise;
      return { kind: "cancelled" };
    });
    await begin.promise;
    const poll = json(get(`/api/jobs/${job_id}?wait=60`));
    progress.resolve();
    await read.promise;
    go.resolve();
    expect((await poll).status).toBe("cancelled");
    await consumer.drain(1_000);
  });

  it("answers the unchanged job when its time is over", async () => {
    await start();
    const { job_id } = await submitted(api);
    const before = performance.now();
    expect((await json(get(`/api/jobs/${job_id}?wait=1`))).status).toBe("queued");
    expect(performance.now() - before).toBeGreaterThan(900);
  });

  it("ends at once when the process stops", async () => {
    const { queue, watched } = await watchedQueue();
    await start({ queue });
    const { job_id } = await submitted(api);
    const watching = watched();
    const poll = json(get(`/api/jobs/${job_id}?wait=60`));
    await watching;
    api.stop.abort();
    expect((await poll).status).toBe("queued");
  });

  it("answers a finished job at once", async () => {
    await start();
    const job = await finished((attempt) => completeWith(api, attempt, Buffer.from("zip")));
    expect((await json(get(`/api/jobs/${job.job_id}?wait=60`))).status).toBe("completed");
  });

  it.each(["61", "-1", "x", "1.5", ""])("refuses wait=%s", async (wait) => {
    await start();
    const { job_id } = await submitted(api);
    const response = await get(`/api/jobs/${job_id}?wait=${wait}`);
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ errors: [{ path: "query.wait" }] });
  });
});

describe("the list", () => {
  it("is newest first, in pages, with every filter", async () => {
    await start({ deps: { newJobId: counter() } });
    const ids: string[] = [];
    for (const course of ["a", "b", "a"]) {
      ids.unshift(
        (await submitted(api, formWith("x", { tags: JSON.stringify({ course }) }, `${course}.csv`))).job_id,
      );
    }
    await get(`/api/jobs/${ids[0]}/cancel`, { method: "POST" });
    const list = async (query: string) => {
      const page = (await (await get(`/api/jobs?${query}`)).json()) as {
        jobs: { job_id: string }[];
        next_cursor: string | null;
      };
      return { ids: page.jobs.map((job) => job.job_id), next: page.next_cursor };
    };
    expect((await list("")).ids).toEqual(ids);
    expect((await list("status=cancelled")).ids).toEqual([ids[0]]);
    expect((await list("processor=nope")).ids).toEqual([]);
    expect((await list("tag.course=a")).ids).toEqual([ids[0], ids[2]]);
    expect((await list("q=B.CSV")).ids).toEqual([ids[1]]);
    expect((await list("created_after=2099-01-01T00:00:00Z")).ids).toEqual([]);
    const first = await list("limit=2");
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect((await list(`limit=2&cursor=${encodeURIComponent(first.next ?? "")}`)).ids).toEqual(ids.slice(2));
  });

  it.each([
    ["limit=0", "query.limit"],
    ["limit=201", "query.limit"],
    ["status=done", "query.status"],
    ["created_after=yesterday", "query.created_after"],
    ["stauts=failed", "query.stauts"],
    ["status=failed&status=queued", "query.status"],
  ])("refuses ?%s", async (query, path) => {
    await start();
    const response = await get(`/api/jobs?${query}`);
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ code: "invalid_request", errors: [{ path }] });
  });
});

/** Ids in the order of their making, as version 7 has them. */
function counter() {
  let n = 0;
  return () =>
    `00000000-0000-7000-8000-${String(++n).padStart(12, "0")}` as Parameters<
      TestApi["queue"]["jobs"]["get"]
    >[0];
}

describe("the result", () => {
  it("is the processor's JSON", async () => {
    await start();
    const job = await finished((attempt) => completeWith(api, attempt, Buffer.from("zip")));
    expect(await json(get(`/api/jobs/${job.job_id}/result`))).toEqual({ rows: 2 });
  });

  it("is 409 with Retry-After while the job is not finished", async () => {
    await start();
    const { job_id } = await submitted(api);
    const response = await get(`/api/jobs/${job_id}/result`);
    expect(response.status).toBe(409);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await json(response)).toMatchObject({ code: "job_not_finished" });
  });

  it("is 404 for a job that failed, with the reason", async () => {
    await start();
    const job = await finished(async () => ({
      kind: "failed",
      code: "input_invalid",
      message: "Row 12: no date",
      retryable: false,
    }));
    const response = await get(`/api/jobs/${job.job_id}/result`);
    expect(response.status).toBe(404);
    expect((await json(response))["detail"]).toContain("Row 12: no date");
  });
});

describe("the logs", () => {
  it("are the processor's lines by attempt", async () => {
    await start();
    const job = await finished(async (attempt) => {
      await attempt.log([{ attempt: attempt.number, level: "warn", message: "Odd row", at: 0 }]);
      return completeWith(api, attempt, Buffer.from("zip"));
    });
    expect(await json(get(`/api/jobs/${job.job_id}/logs`))).toEqual({
      job_id: job.job_id,
      logs: [{ attempt: 1, level: "warn", message: "Odd row", at: "1970-01-01T00:00:00.000Z" }],
    });
  });
});

describe("the catalogue", () => {
  it("shows what processors accept, the smaller limit, and who serves them", async () => {
    await start();
    const processor = await json(get("/api/processors/any-file"));
    expect(processor).toMatchObject({
      name: "any-file",
      accepts: { extensions: [], media_types: [] },
      limits: { max_input_bytes: 512 << 20, max_attempts: 3 },
      params_schema: { additionalProperties: false },
      workers: 1,
      slots: 2,
    });
    const { processors } = (await (await get("/api/processors")).json()) as {
      processors: { name: string }[];
    };
    expect(processors.map(({ name }) => name)).toEqual(["any-file", "csv-count", "moodle-log"]);
    expect((await get("/api/processors/nope")).status).toBe(404);
  });

  it("goes on with what it knew while Redis is away, and says so once", async () => {
    const queue = await testQueue();
    let isAway = false;
    const catalogue: QueuePorts["catalogue"] = {
      ...queue.catalogue,
      read: async () => {
        if (isAway) throw new DomainError("redis_unavailable", "away");
        return queue.catalogue.read();
      },
    };
    const { createProcessorDirectory } = await import("../src/processors/processor-directory.js");
    await start({ queue });
    const directory = createProcessorDirectory({ catalogue, log: api.deps.log, refreshMs: 5 });
    directory.start();
    await waitFor(() => directory.known.length === 3);
    isAway = true;
    await waitFor(() => api.lines.some(({ level }) => level === "warn"));
    expect((await directory.require("csv-count")).name).toBe("csv-count");
    await expect(directory.require("nope")).rejects.toMatchObject({ code: "redis_unavailable" });
    directory.stop();
    expect(api.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  });
});
