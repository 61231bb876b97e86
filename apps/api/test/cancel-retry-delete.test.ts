import { type Attempt, DomainError, type Outcome, parseJobId } from "@drover/core";
import { expiredFact, jobFolder, putText, readManifest, readTombstone } from "@drover/job-files";
import { signal, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeWith, json, startApi, submitted, type TestApi, work } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const post = (path: string, body?: unknown) =>
  fetch(`${api.url}${path}`, {
    method: "POST",
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
const read = (id: string) => json(fetch(`${api.url}/api/jobs/${id}`));

/** Starts a job that runs until its attempt is told to stop. */
async function running() {
  const { job_id } = await submitted(api);
  const started = signal<Attempt>();
  const consumer = work(api, async (attempt): Promise<Outcome> => {
    started.resolve(attempt);
    await new Promise((resolve) => attempt.signal.addEventListener("abort", resolve));
    return { kind: "cancelled" };
  });
  await started.promise;
  return { id: job_id, consumer };
}

async function failed(params = "{}") {
  const form = new FormData();
  form.append("params", params);
  form.append("file", new Blob(["a"]), "x.csv");
  const { job_id } = await submitted(api, form);
  const consumer = work(api, async () => ({
    kind: "failed",
    code: "input_invalid",
    message: "no",
    retryable: false,
  }));
  await waitFor(async () => (await read(job_id)).status === "failed");
  await consumer.drain(0);
  return job_id;
}

async function manifestOf(id: string) {
  const job = await api.queue.jobs.get(id as Parameters<typeof api.queue.jobs.get>[0]);
  return readManifest(job?.input.key ?? "", api.store);
}

describe("a cancel", () => {
  it("of a queued job is 200, ends it at once, and marks its manifest so that it is not restored", async () => {
    const { job_id } = await submitted(api);
    const response = await post(`/api/jobs/${job_id}/cancel`);
    expect(response.status).toBe(200);
    expect(await json(response)).toEqual({ job_id, status: "cancelled" });
    expect((await read(job_id)).status).toBe("cancelled");
    expect((await manifestOf(job_id))?.settled).toMatchObject({ status: "cancelled" });
  });

  it("of a running job is 202, and the job ends cancelled", async () => {
    const { id, consumer } = await running();
    const response = await post(`/api/jobs/${id}/cancel`);
    expect(response.status).toBe(202);
    expect(await json(response)).toEqual({ job_id: id, status: "cancelling" });
    await waitFor(async () => (await read(id)).status === "cancelled");
    await consumer.drain(0);
  });

  it("of a finished job is 409", async () => {
    const id = await failed();
    const response = await post(`/api/jobs/${id}/cancel`);
    expect(response.status).toBe(409);
    expect(await json(response)).toMatchObject({ code: "job_already_finished" });
  });

  it("of an unknown job is 404 and of a malformed id 400", async () => {
    expect((await post("/api/jobs/12345678-1234-1234-1234-123456789abc/cancel")).status).toBe(404);
    expect((await post("/api/jobs/x/cancel")).status).toBe(400);
  });
});

describe("a retry", () => {
  it("that another one overtook is 409, and the manifest keeps the params of that other one", async () => {
    const id = await failed();
    const retry = api.queue.jobs.retry.bind(api.queue.jobs);
    api.queue.jobs.retry = async (job) => {
      await retry(job, { timezone: "UTC" });
      return undefined;
    };
    expect((await post(`/api/jobs/${id}/retry`, { params: { timezone: "CET" } })).status).toBe(409);
    expect(await manifestOf(id)).toMatchObject({ settled: null, request: { params: { timezone: "UTC" } } });
  });

  it("that a delete overtook is 404 and leaves no manifest that would bring the job back", async () => {
    const id = await failed();
    const { jobs } = api.queue;
    jobs.retry = async (job) => {
      await jobs.remove(job);
      return undefined;
    };
    expect((await post(`/api/jobs/${id}/retry`)).status).toBe(404);
    expect((await api.keys()).filter((key) => key.startsWith("inputs/"))).toEqual([]);
  });

  it("F21: that the end of its retention overtook is 410, and nothing is left that would bring the job back", async () => {
    const id = await failed();
    const { jobs, finished, facts } = api.queue;
    const retry = jobs.retry.bind(jobs);
    jobs.retry = async (job, params) => {
      expect(await finished.expire({ id: job, processor: "csv-count" }, Number.MAX_SAFE_INTEGER)).toBe(true);
      await facts.set(expiredFact(job), new Date().toISOString(), 60_000);
      return retry(job, params);
    };
    const response = await post(`/api/jobs/${id}/retry`);
    expect(response.status).toBe(410);
    expect(await json(response)).toMatchObject({ code: "job_expired" });
    expect(await api.keys()).toEqual([]);
  });

  it("that Redis did not answer leaves the manifest settled, so that the job does not run after a 503", async () => {
    const id = await failed();
    api.queue.jobs.retry = async () => {
      throw new DomainError("redis_unavailable", "away", { retryAfterS: 2 });
    };
    expect((await post(`/api/jobs/${id}/retry`)).status).toBe(503);
    expect((await manifestOf(id))?.settled).toMatchObject({ status: "failed" });
  });

  it("says in the manifest which end it undoes", async () => {
    const id = await failed();
    const end = (await api.queue.jobs.get(parseJobId(id)))?.finishedAt;
    await post(`/api/jobs/${id}/retry`);
    expect(await manifestOf(id)).toMatchObject({ settled: null, reopenedEnd: end });
  });

  it("queues a failed job again, its manifest unmarked", async () => {
    const id = await failed('{"mode":"fast"}');
    const response = await post(`/api/jobs/${id}/retry`);
    expect(response.status).toBe(202);
    expect(response.headers.get("location")).toBe(`/api/jobs/${id}`);
    expect(await json(response)).toMatchObject({
      status: "queued",
      error: null,
      params: { mode: "fast" },
    });
    expect((await manifestOf(id))?.settled).toBeNull();
  });

  it("queues a cancelled job again, with other params, which the manifest has as well", async () => {
    const { job_id } = await submitted(api);
    await post(`/api/jobs/${job_id}/cancel`);
    const response = await post(`/api/jobs/${job_id}/retry`, { params: { timezone: "UTC" } });
    expect(response.status).toBe(202);
    expect(await json(response)).toMatchObject({ status: "queued", params: { timezone: "UTC" } });
    expect(await manifestOf(job_id)).toMatchObject({
      settled: null,
      request: { params: { timezone: "UTC" } },
    });
  });

  it("works without a manifest, from the job itself", async () => {
    const id = await failed('{"mode":"exact"}');
    const [manifest] = (await api.keys()).filter((key) => key.endsWith("manifest.json"));
    await api.store.remove(manifest ?? "");
    expect((await post(`/api/jobs/${id}/retry`)).status).toBe(202);
    expect((await manifestOf(id))?.request).toMatchObject({ id, params: { mode: "exact" }, timeoutMs: null });
  });

  it.each([
    [{ params: { mode: "slow" } }, 422, "invalid_params"],
    [{ params: [] }, 400, "invalid_request"],
    [{ parms: {} }, 400, "invalid_request"],
    [[], 400, "invalid_request"],
  ])("with the body %j is refused", async (body, status, code) => {
    const id = await failed();
    const response = await post(`/api/jobs/${id}/retry`, body);
    expect(response.status).toBe(status);
    expect(await json(response)).toMatchObject({ code });
    expect((await read(id)).status).toBe("failed");
  });

  it.each([
    ["{", "application/json"],
    ["{}", "text/plain"],
    [`"${"x".repeat(20_000)}"`, "application/json"],
  ])("with a body that cannot be read is 400 (%#)", async (body, type) => {
    const id = await failed();
    const response = await fetch(`${api.url}/api/jobs/${id}/retry`, {
      method: "POST",
      body,
      headers: { "content-type": type },
    });
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ code: "invalid_request" });
  });

  it("is 410 when the input is gone", async () => {
    const id = await failed();
    await api.store.remove("inputs");
    const response = await post(`/api/jobs/${id}/retry`);
    expect(response.status).toBe(410);
    expect(await json(response)).toMatchObject({ code: "input_expired" });
  });

  it("is 409 for a job that is queued, that runs, and that completed", async () => {
    const { id, consumer } = await running();
    expect(await json(post(`/api/jobs/${id}/retry`))).toMatchObject({
      status: 409,
      code: "job_not_finished",
    });
    await post(`/api/jobs/${id}/cancel`);
    await consumer.drain(0);
    const queued = await submitted(api);
    expect(await json(post(`/api/jobs/${queued.job_id}/retry`))).toMatchObject({
      status: 409,
      code: "job_not_finished",
    });
    const second = work(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
    await waitFor(async () => (await read(queued.job_id)).status === "completed");
    expect(await json(post(`/api/jobs/${queued.job_id}/retry`))).toMatchObject({
      status: 409,
      code: "job_already_finished",
    });
    await second.drain(0);
  });
});

describe("a delete", () => {
  const keys = async () => (await api.keys()).filter((key) => !key.startsWith("tombstones/"));
  const erase = (id: string) => fetch(`${api.url}/api/jobs/${id}`, { method: "DELETE" });

  it("of a completed job gets through on a full disk: its artifacts make room for its tombstone", async () => {
    const { job_id: id } = await submitted(api);
    const consumer = work(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
    await waitFor(async () => (await read(id)).status === "completed");
    await consumer.drain(0);
    const artifact = (await api.queue.jobs.get(parseJobId(id)))?.artifacts[0]?.key ?? "";
    const put = api.store.put.bind(api.store);
    api.store.put = async (key, ...rest) => {
      if ((await api.store.stat(artifact)) !== undefined) throw new DomainError("storage_full", "full");
      return put(key, ...rest);
    };
    expect((await erase(id)).status).toBe(204);
    expect(await readTombstone(id, api.store)).toBeDefined();
    expect(await api.store.stat(artifact)).toBeUndefined();
  });

  it("of a failed job on a full disk is 507 and leaves the job as it was", async () => {
    const id = await failed();
    const leftover = `${jobFolder(parseJobId(id))}/1-a/big`;
    await putText(leftover, "x", api.store);
    const put = api.store.put;
    api.store.put = async () => {
      throw new DomainError("storage_full", "full");
    };
    expect((await erase(id)).status).toBe(507);
    api.store.put = put;
    expect((await read(id)).status).toBe("failed");
    expect(await api.store.stat(leftover)).toBeDefined();
  });

  it("erases a completed job with its artifacts and its input", async () => {
    const { job_id } = await submitted(api);
    const consumer = work(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
    await waitFor(async () => (await read(job_id)).status === "completed");
    await consumer.drain(0);
    expect((await erase(job_id)).status).toBe(204);
    expect(await keys()).toEqual([]);
    expect((await fetch(`${api.url}/api/jobs/${job_id}`)).status).toBe(404);
    expect((await erase(job_id)).status).toBe(404);
  });

  it("says for good that the job is deleted before it touches anything", async () => {
    const { job_id } = await submitted(api);
    const remove = api.queue.jobs.remove.bind(api.queue.jobs);
    api.queue.jobs.remove = async (id) => {
      expect(await api.keys()).toHaveLength(3);
      expect(await readTombstone(id, api.store)).toMatchObject({ id: job_id });
      return remove(id);
    };
    expect((await erase(job_id)).status).toBe(204);
    expect(await api.keys()).toEqual([`tombstones/${job_id}.json`]);
  });

  it("erases a queued job, which never starts", async () => {
    const { job_id } = await submitted(api);
    expect((await erase(job_id)).status).toBe(204);
    expect(await keys()).toEqual([]);
  });

  it("stops a running job first", async () => {
    const { id, consumer } = await running();
    expect((await erase(id)).status).toBe(204);
    expect(await keys()).toEqual([]);
    expect((await fetch(`${api.url}/api/jobs/${id}`)).status).toBe(404);
    await consumer.drain(0);
  });

  it("is 409 when the job does not stop in 5 s, and erases nothing", async () => {
    const { job_id } = await submitted(api);
    const started = signal();
    const go = signal();
    const consumer = work(api, async () => {
      started.resolve();
      await go.promise;
      return { kind: "cancelled" };
    });
    await started.promise;
    const response = await erase(job_id);
    expect(response.status).toBe(409);
    expect(await json(response)).toMatchObject({ code: "job_not_finished" });
    expect(await api.keys()).toHaveLength(2);
    go.resolve();
    await consumer.drain(0);
    expect((await erase(job_id)).status).toBe(204);
  });
});
