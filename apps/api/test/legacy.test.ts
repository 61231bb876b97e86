import { signal, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeWith, formWith, json, work } from "./job-steps.js";
import { MOODLE, startApi, type TestApi } from "./test-api.js";

const UNKNOWN = "12345678-1234-1234-1234-123456789abc";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const get = (path: string) => fetch(`${api.url}${path}`);

async function upload(form = formWith()) {
  const response = await fetch(`${api.url}/api/upload`, { method: "POST", body: form });
  expect(response.status).toBe(202);
  return json(response);
}

async function until(id: string, status: string) {
  return waitFor(async () => {
    const now = await json(get(`/api/job-status/${id}`));
    return now.status === status ? now : undefined;
  });
}

describe("the first existing client", () => {
  it("reads exactly its keys of a queued, a running and a completed job", async () => {
    const { job_id } = await upload();
    const queued = await json(get(`/api/job-status/${job_id}`));
    expect(queued).toEqual({
      job_id,
      status: "queued",
      created_at: expect.stringMatching(TIME),
      updated_at: expect.stringMatching(TIME),
      progress: 0,
    });
    const go = signal();
    const consumer = work(
      api,
      async (attempt) => {
        await attempt.progress({ percent: 41.26, stage: "x", message: null });
        await go.promise;
        return completeWith(api, attempt, Buffer.from("zip"));
      },
      MOODLE.name,
    );
    await until(job_id, "running");
    const running = await waitFor(async () => {
      const now = await json(get(`/api/job-status/${job_id}`));
      return now["progress"] === 41.3 ? now : undefined;
    });
    expect(Object.keys(running)).toEqual(["job_id", "status", "created_at", "updated_at", "progress"]);
    go.resolve();
    const completed = await until(job_id, "completed");
    expect(completed).toMatchObject({ progress: 100, result: { rows: 2 } });
    expect(completed).not.toHaveProperty("error_message");
    await consumer.drain(1_000);
  });

  it("reads why a job failed", async () => {
    const { job_id } = await upload();
    const consumer = work(
      api,
      async () => ({ kind: "failed", code: "input_invalid", message: "Row 12: no date", retryable: false }),
      MOODLE.name,
    );
    const failed = await until(job_id, "failed");
    expect(failed["error_message"]).toBe("Row 12: no date");
    expect(failed).not.toHaveProperty("result");
    await consumer.drain(0);
  });

  it("reads a cancelled job as failed, in these words", async () => {
    const { job_id } = await upload();
    await fetch(`${api.url}/api/jobs/${job_id}/cancel`, { method: "POST" });
    expect(await json(get(`/api/job-status/${job_id}`))).toMatchObject({
      status: "failed",
      error_message: "Job was cancelled",
    });
  });

  it("gets 404 in the error form for an unknown id, which is information in the log", async () => {
    for (const id of [UNKNOWN, "00000000-0000-0000-0000-000000000000", UNKNOWN.toUpperCase()]) {
      const response = await get(`/api/job-status/${id}`);
      expect(response.status).toBe(404);
      expect(await json(response)).toEqual({
        type: "/problems/job_not_found",
        title: "Job not found",
        status: 404,
        detail: `No job has the id ${id.toLowerCase()}.`,
        instance: `/api/job-status/${id}`,
        code: "job_not_found",
        request_id: response.headers.get("x-request-id"),
        timestamp: expect.stringMatching(TIME),
        error: "Job not found",
        path: `/api/job-status/${id}`,
      });
    }
    const line = await waitFor(() => api.lines.find(({ fields }) => fields["code"] === "job_not_found"));
    expect(line).toMatchObject({ level: "info", fields: { status: 404, job_id: UNKNOWN } });
  });

  it.each(["not-a-uuid", "1234", `${UNKNOWN}0`, "12345678123412341234123456789abc", "%20"])(
    "gets 400 with its words for the id %s, which is a warning in the log",
    async (id) => {
      const response = await get(`/api/job-status/${id}`);
      expect(response.status).toBe(400);
      expect(await json(response)).toMatchObject({
        error: "Invalid job_id format (must be UUID)",
        code: "invalid_job_id",
        path: `/api/job-status/${id}`,
      });
      await waitFor(() =>
        api.lines.find(({ level, fields }) => level === "warn" && fields["code"] === "invalid_job_id"),
      );
    },
  );
});

describe("the second existing client", () => {
  it("uploads, polls and downloads with its keys and words", async () => {
    const accepted = await upload();
    expect(accepted).toEqual({
      job_id: expect.any(String),
      status: "processing",
      message: expect.any(String),
    });
    const id = accepted.job_id;
    expect(await json(get(`/api/status/${id}`))).toEqual({
      job_id: id,
      status: "processing",
      progress: 0,
      error: null,
      created_at: expect.stringMatching(TIME),
      completed_at: null,
    });
    expect((await get(`/api/download/${id}`)).status).toBe(409);
    const consumer = work(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")), MOODLE.name);
    await until(id, "completed");
    expect(await json(get(`/api/status/${id}`))).toMatchObject({
      status: "completed",
      progress: 100,
      error: null,
      completed_at: expect.stringMatching(TIME),
    });
    const zip = await get(`/api/download/${id}`);
    expect(zip.status).toBe(200);
    expect(zip.headers.get("content-type")).toBe("application/zip");
    expect(await zip.text()).toBe("zip");
    await consumer.drain(0);
  });

  it("reads progress as a whole number", async () => {
    const { job_id } = await upload();
    const go = signal();
    const consumer = work(
      api,
      async (attempt) => {
        await attempt.progress({ percent: 99.95, stage: null, message: null });
        await go.promise;
        return { kind: "failed", code: "timeout", message: "Took too long", retryable: false };
      },
      MOODLE.name,
    );
    const running = await waitFor(async () => {
      const now = await json(get(`/api/status/${job_id}`));
      return now["progress"] === 99 ? now : undefined;
    });
    expect(running.status).toBe("processing");
    go.resolve();
    await waitFor(async () => (await json(get(`/api/status/${job_id}`))).status === "failed");
    expect(await json(get(`/api/status/${job_id}`))).toMatchObject({ error: "Took too long" });
    await consumer.drain(1_000);
  });

  it("may send fields that nobody knows", async () => {
    expect(await upload(formWith("a", { description: "my log" }))).toMatchObject({ status: "processing" });
  });

  it("gets 404 for what is unknown and 410 for what expired", async () => {
    expect((await get(`/api/status/${UNKNOWN}`)).status).toBe(404);
    expect((await get(`/api/download/${UNKNOWN}`)).status).toBe(404);
    await api.queue.facts.set(`expired:${UNKNOWN}`, "2026-01-01T00:00:00.000Z", 60_000);
    expect((await get(`/api/download/${UNKNOWN}`)).status).toBe(410);
  });

  it("reads that the api is healthy", async () => {
    const response = await get("/health");
    expect(response.status).toBe(200);
    expect(await json(response)).toEqual({
      status: "healthy",
      timestamp: expect.stringMatching(TIME),
      version: "9.9.9",
      uptime_seconds: expect.any(Number),
    });
  });
});
