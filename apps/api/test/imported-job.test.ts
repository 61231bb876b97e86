import type { JobEnd, JobId, JobRequest } from "@drover/core";
import { importedInputKey, writeManifest } from "@drover/job-files";
import { newJobId, newRequest } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { json } from "./job-steps.js";
import { CSV, startApi, type TestApi } from "./test-api.js";

const CREATED_AT = "2024-03-01T10:00:00.000Z";
const UPDATED_AT = "2024-03-01T10:05:00.250Z";
const IMPORTED_AT = Date.now();
const RESULT = { suggestions: [{ id: "s1", text: "Shorter." }] };

let api: TestApi;
let id: JobId;
beforeEach(async () => {
  api = await startApi();
  id = newJobId();
});
afterEach(() => api.close());

/** A job as an import leaves it. */
async function imported(change: Partial<JobEnd> = {}): Promise<void> {
  const { input, ...rest } = newRequest({ id, processor: CSV.name, createdAt: Date.parse(CREATED_AT) });
  const request: JobRequest = {
    ...rest,
    ...{ maxAttempts: 1, importedAt: IMPORTED_AT, input: { ...input, key: importedInputKey(id) } },
  };
  const end: JobEnd = {
    ...{ status: "completed", at: Date.parse(UPDATED_AT), attempt: 1, percent: 87.654 },
    ...{ result: RESULT, artifacts: [], error: null },
    ...change,
  };
  await writeManifest({ version: 1, request, settled: end }, api.store);
  expect(await api.queue.finished.addEnded(request, end)).toBe("added");
}

const FAILED = {
  ...({ status: "failed", percent: 100, result: null } as const),
  error: { code: "processor_error", message: "No text in it.", retryable: false },
} as const;

const get = (path: string) => fetch(`${api.url}${path}`);
const post = (path: string) => fetch(`${api.url}${path}`, { method: "POST" });

describe("an imported job", () => {
  it("is read by the first existing client as it was, to the digit", async () => {
    await imported();
    const response = await get(`/api/job-status/${id.toUpperCase()}`);
    expect(response.status).toBe(200);
    const times = { created_at: CREATED_AT, updated_at: UPDATED_AT };
    expect(await json(response)).toEqual({
      job_id: id,
      status: "completed",
      ...times,
      progress: 87.654,
      result: RESULT,
    });
  });

  it("that failed says why, and how far it had come", async () => {
    await imported(FAILED);
    const times = { created_at: CREATED_AT, updated_at: UPDATED_AT };
    expect(await json(get(`/api/job-status/${id}`))).toEqual({
      ...{ job_id: id, status: "failed", ...times, progress: 100, error_message: "No text in it." },
    });
    expect(await json(get(`/api/status/${id}`))).toMatchObject({ status: "failed", error: "No text in it." });
  });

  it("is a job like others: shown, listed with its time of creation, kept from its import on", async () => {
    await imported();
    const shown = await json(get(`/api/jobs/${id}?include=timeline`));
    expect(shown).toMatchObject({
      ...{ status: "completed", created_at: CREATED_AT, updated_at: UPDATED_AT, completed_at: UPDATED_AT },
      progress: 100,
      expires_at: new Date(IMPORTED_AT + 60_000).toISOString(),
      timeline: [{ type: "accepted" }, { type: "imported" }, { type: "finished", at: UPDATED_AT }],
    });
    expect(await json(get("/api/jobs?status=completed"))).toMatchObject({ jobs: [{ job_id: id }] });
    expect(await json(get(`/api/jobs/${id}/result`))).toEqual(RESULT);
    const download = await get(`/api/jobs/${id}/download`);
    expect([download.status, await json(download)]).toEqual([
      404,
      expect.objectContaining({ code: "artifact_not_found" }),
    ]);
  });

  it("cannot be cancelled or retried, as it is finished and has no input", async () => {
    await imported(FAILED);
    const cancel = await post(`/api/jobs/${id}/cancel`);
    expect([cancel.status, (await json(cancel))["code"]]).toEqual([409, "job_already_finished"]);
    const retry = await post(`/api/jobs/${id}/retry`);
    expect(retry.status).toBe(410);
    expect(await json(retry)).toMatchObject({
      code: "input_expired",
      detail: expect.stringContaining("is not part of what was imported"),
    });
    const shown = await json(get(`/api/jobs/${id}`));
    expect(shown).toMatchObject({ status: "failed", attempt: 1, progress: 99.9 }); // 100 is for completed ones
  });

  it("is deleted with all that there is of it", async () => {
    await imported();
    expect((await fetch(`${api.url}/api/jobs/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await get(`/api/job-status/${id}`)).status).toBe(404);
    expect(await api.keys()).toEqual([`tombstones/${id}.json`]);
  });
});
