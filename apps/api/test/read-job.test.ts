import { signal, waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { completeWith, finished, json, submitted, work } from "./job-steps.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
  return api;
};
const get = (path: string, init?: RequestInit) => fetch(`${api.url}${path}`, init);

describe("a status read", () => {
  it("shows a completed job with result, artifacts and when it expires", async () => {
    await start();
    const job = await finished(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
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
    const job = await finished(api, async () => ({
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
    const done = await finished(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
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
    const job = await finished(api, async () => ({
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

describe("the result", () => {
  it("is the processor's JSON", async () => {
    await start();
    const job = await finished(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
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
    const job = await finished(api, async () => ({
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
    const job = await finished(api, async (attempt) => {
      await attempt.log([{ attempt: attempt.number, level: "warn", message: "Odd row", at: 0 }]);
      return completeWith(api, attempt, Buffer.from("zip"));
    });
    expect(await json(get(`/api/jobs/${job.job_id}/logs`))).toEqual({
      job_id: job.job_id,
      logs: [{ attempt: 1, level: "warn", message: "Odd row", at: "1970-01-01T00:00:00.000Z" }],
    });
  });
});
