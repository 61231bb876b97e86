import { DomainError, parseJobId } from "@drover/core";
import { expiredFact } from "@drover/job-files";
import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  completeWith,
  failed,
  json,
  manifestOf,
  post,
  readJob,
  running,
  submitted,
  work,
} from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

describe("a retry", () => {
  it("that another one overtook is 409, and the manifest keeps the params of that other one", async () => {
    const id = await failed(api);
    const retry = api.queue.jobs.retry.bind(api.queue.jobs);
    api.queue.jobs.retry = async (job) => {
      await retry(job, { timezone: "UTC" });
      return undefined;
    };
    expect((await post(api, `/api/jobs/${id}/retry`, { params: { timezone: "CET" } })).status).toBe(409);
    expect(await manifestOf(api, id)).toMatchObject({
      settled: null,
      request: { params: { timezone: "UTC" } },
    });
  });

  it("that a delete overtook is 404 and leaves no manifest that would bring the job back", async () => {
    const id = await failed(api);
    const { jobs } = api.queue;
    jobs.retry = async (job) => {
      await jobs.remove(job);
      return undefined;
    };
    expect((await post(api, `/api/jobs/${id}/retry`)).status).toBe(404);
    expect((await api.keys()).filter((key) => key.startsWith("inputs/"))).toEqual([]);
  });

  it("F21: that the end of its retention overtook is 410, and nothing is left that would bring the job back", async () => {
    const id = await failed(api);
    const { jobs, finished, facts } = api.queue;
    const retry = jobs.retry.bind(jobs);
    jobs.retry = async (job, params) => {
      expect(
        await finished.expire({ id: job, processor: "csv-count" }, Number.MAX_SAFE_INTEGER),
      ).toBeDefined();
      await facts.set(expiredFact(job), new Date().toISOString(), 60_000);
      return retry(job, params);
    };
    const response = await post(api, `/api/jobs/${id}/retry`);
    expect(response.status).toBe(410);
    expect(await json(response)).toMatchObject({ code: "job_expired" });
    expect(await api.keys()).toEqual([]);
  });

  it("that Redis did not answer leaves the manifest settled, so that the job does not run after a 503", async () => {
    const id = await failed(api);
    api.queue.jobs.retry = async () => {
      throw new DomainError("redis_unavailable", "away", { retryAfterS: 2 });
    };
    expect((await post(api, `/api/jobs/${id}/retry`)).status).toBe(503);
    expect((await manifestOf(api, id))?.settled).toMatchObject({ status: "failed" });
  });

  it("says in the manifest which end it undoes", async () => {
    const id = await failed(api);
    const end = (await api.queue.jobs.get(parseJobId(id)))?.finishedAt;
    await post(api, `/api/jobs/${id}/retry`);
    expect(await manifestOf(api, id)).toMatchObject({ settled: null, reopenedEnd: end });
  });

  it("queues a failed job again, its manifest unmarked", async () => {
    const id = await failed(api, '{"mode":"fast"}');
    const response = await post(api, `/api/jobs/${id}/retry`);
    expect(response.status).toBe(202);
    expect(response.headers.get("location")).toBe(`/api/jobs/${id}`);
    expect(await json(response)).toMatchObject({
      status: "queued",
      error: null,
      params: { mode: "fast" },
    });
    expect((await manifestOf(api, id))?.settled).toBeNull();
  });

  it("queues a cancelled job again, with other params, which the manifest has as well", async () => {
    const { job_id } = await submitted(api);
    await post(api, `/api/jobs/${job_id}/cancel`);
    const response = await post(api, `/api/jobs/${job_id}/retry`, { params: { timezone: "UTC" } });
    expect(response.status).toBe(202);
    expect(await json(response)).toMatchObject({ status: "queued", params: { timezone: "UTC" } });
    expect(await manifestOf(api, job_id)).toMatchObject({
      settled: null,
      request: { params: { timezone: "UTC" } },
    });
  });

  it("works without a manifest, from the job itself", async () => {
    const id = await failed(api, '{"mode":"exact"}');
    const [manifest] = (await api.keys()).filter((key) => key.endsWith("manifest.json"));
    await api.store.remove(manifest ?? "");
    expect((await post(api, `/api/jobs/${id}/retry`)).status).toBe(202);
    expect((await manifestOf(api, id))?.request).toMatchObject({
      id,
      params: { mode: "exact" },
      timeoutMs: null,
    });
  });

  it.each([
    [{ params: { mode: "slow" } }, 422, "invalid_params"],
    [{ params: [] }, 400, "invalid_request"],
    [{ parms: {} }, 400, "invalid_request"],
    [[], 400, "invalid_request"],
  ])("with the body %j is refused", async (body, status, code) => {
    const id = await failed(api);
    const response = await post(api, `/api/jobs/${id}/retry`, body);
    expect(response.status).toBe(status);
    expect(await json(response)).toMatchObject({ code });
    expect((await readJob(api, id)).status).toBe("failed");
  });

  it.each([
    ["{", "application/json"],
    ["{}", "text/plain"],
    [`"${"x".repeat(20_000)}"`, "application/json"],
  ])("with a body that cannot be read is 400 (%#)", async (body, type) => {
    const id = await failed(api);
    const response = await fetch(`${api.url}/api/jobs/${id}/retry`, {
      method: "POST",
      body,
      headers: { "content-type": type },
    });
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ code: "invalid_request" });
  });

  it("is 410 when the input is gone", async () => {
    const id = await failed(api);
    await api.store.remove("inputs");
    const response = await post(api, `/api/jobs/${id}/retry`);
    expect(response.status).toBe(410);
    expect(await json(response)).toMatchObject({ code: "input_expired" });
  });

  it("is 409 for a job that is queued, that runs, and that completed", async () => {
    const { id, consumer } = await running(api);
    expect(await json(post(api, `/api/jobs/${id}/retry`))).toMatchObject({
      status: 409,
      code: "job_not_finished",
    });
    await post(api, `/api/jobs/${id}/cancel`);
    await consumer.drain(0);
    const queued = await submitted(api);
    expect(await json(post(api, `/api/jobs/${queued.job_id}/retry`))).toMatchObject({
      status: 409,
      code: "job_not_finished",
    });
    const second = work(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
    await waitFor(async () => (await readJob(api, queued.job_id)).status === "completed");
    expect(await json(post(api, `/api/jobs/${queued.job_id}/retry`))).toMatchObject({
      status: 409,
      code: "job_already_finished",
    });
    await second.drain(0);
  });
});
