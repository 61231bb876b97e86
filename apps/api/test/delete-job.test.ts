import { DomainError, parseJobId } from "@drover/core";
import { jobFolder, putText, readTombstone } from "@drover/job-files";
import { signal, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeWith, failed, json, readJob, running, submitted, work } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

describe("a delete", () => {
  const keys = async () => (await api.keys()).filter((key) => !key.startsWith("tombstones/"));
  const erase = (id: string) => fetch(`${api.url}/api/jobs/${id}`, { method: "DELETE" });

  it("of a completed job gets through on a full disk: its artifacts make room for its tombstone", async () => {
    const { job_id: id } = await submitted(api);
    const consumer = work(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
    await waitFor(async () => (await readJob(api, id)).status === "completed");
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
    const id = await failed(api);
    const leftover = `${jobFolder(parseJobId(id))}/1-a/big`;
    await putText(leftover, "x", api.store);
    const put = api.store.put;
    api.store.put = async () => {
      throw new DomainError("storage_full", "full");
    };
    expect((await erase(id)).status).toBe(507);
    api.store.put = put;
    expect((await readJob(api, id)).status).toBe("failed");
    expect(await api.store.stat(leftover)).toBeDefined();
  });

  it("erases a completed job with its artifacts and its input", async () => {
    const { job_id } = await submitted(api);
    const consumer = work(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
    await waitFor(async () => (await readJob(api, job_id)).status === "completed");
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
    const { id, consumer } = await running(api);
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
