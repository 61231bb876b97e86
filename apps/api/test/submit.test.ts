import { type BlobStore, DomainError, type QueuePorts, UnconfirmedSubmit } from "@drover/core";
import { decodeManifest, readManifest } from "@drover/job-files";
import { signal, testQueue, testStore, waitFor, withMethods } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { completeWith, formWith, json, submit, submitted, work } from "./job-steps.js";
import { CSV, startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
  return api;
};

describe("a submit", () => {
  it("answers 202 with the job, its place and when to look at it", async () => {
    await start();
    const response = await submit(
      api,
      formWith("a,b\n1,2\n", { params: '{"timezone":"UTC"}', tags: '{"course":"CS101"}', priority: "7" }),
    );
    expect(response.status).toBe(202);
    const job = await json(response);
    expect(response.headers.get("location")).toBe(`/api/jobs/${job.job_id}`);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(job).toMatchObject({
      processor: "csv-count",
      status: "queued",
      progress: 0,
      attempt: 0,
      max_attempts: 3,
      priority: 7,
      params: { timezone: "UTC" },
      tags: { course: "CS101" },
      waiting: { reason: "worker", position: 1, until: null },
      input: {
        filename: "log.csv",
        size_bytes: 8,
        media_type: "text/csv",
        sha256: "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470",
      },
      result: null,
      artifacts: [],
      error: null,
      expires_at: null,
    });
  });

  it("makes a job that can be read at once", async () => {
    await start();
    const { job_id } = await submitted(api);
    expect((await fetch(`${api.url}/api/jobs/${job_id}`)).status).toBe(200);
  });

  it("has every file on disk before the job is queued: those that were not synced are with the manifest", async () => {
    const { store } = await testStore();
    const queue = await testQueue();
    const open = new Set<string>();
    let openAtSubmit: readonly string[] | undefined;
    const watched = withMethods<BlobStore>(store, {
      async put(key, source, options) {
        const info = await store.put(key, source, options);
        for (const earlier of options?.after ?? []) open.delete(earlier);
        if (options?.isDurable === false) open.add(key);
        return info;
      },
    });
    const jobs = withMethods<QueuePorts["jobs"]>(queue.jobs, {
      submit(request, options) {
        openAtSubmit = [...open];
        return queue.jobs.submit(request, options);
      },
    });
    await start({ store: watched, queue: { ...queue, jobs } });
    await submitted(api);
    expect(openAtSubmit).toEqual([]);
  });

  it("stores the file and, beside it, the manifest of the job", async () => {
    await start();
    const { job_id } = await submitted(api);
    const [file, manifest] = await api.keys();
    expect(file).toMatch(/^inputs\/[0-9a-f]{16}\/file$/);
    expect(manifest).toBe(file?.replace(/file$/, "manifest.json"));
    const decoded = await readManifest(file ?? "", api.store);
    expect(decoded?.request).toMatchObject({ id: job_id, processor: "csv-count" });
    expect(decoded?.settled).toBeNull();
    expect(decodeManifest("{}")).toBeUndefined();
  });

  it("takes its fields after the file as well as before it", async () => {
    await start();
    const form = new FormData();
    form.append("priority", "-100");
    form.append("file", new Blob(["a"]), "x.csv");
    form.append("params", '{"mode":"fast"}');
    form.append("run_at", "2099-01-01T00:00:00+02:00");
    const job = await submitted(api, form);
    expect(job).toMatchObject({
      priority: -100,
      params: { mode: "fast" },
      waiting: { reason: "scheduled", until: "2098-12-31T22:00:00.000Z" },
    });
  });

  it("is accepted while no worker serves the processor, and says that it waits for one", async () => {
    await start({ isServed: false });
    const job = await submitted(api);
    expect(job["waiting"]).toMatchObject({ reason: "no_worker_for_processor" });
  });

  it("holds its answer until the job is finished when asked by Prefer: wait", async () => {
    await start();
    const consumer = work(api, (attempt) => completeWith(api, attempt, Buffer.from("zip")));
    const response = await submit(api, formWith(), { prefer: "respond-async, wait=20" });
    expect(response.status).toBe(202);
    expect(response.headers.get("preference-applied")).toBe("wait=20");
    expect(await json(response)).toMatchObject({ status: "completed", progress: 100 });
    await consumer.drain(0);
  });

  it("is tried once more under the same id when the queue did not confirm it in time", async () => {
    const queue = await testQueue();
    const ids: string[] = [];
    const jobs = withMethods(queue.jobs, {
      async submit(request) {
        ids.push(request.id);
        const job = await queue.jobs.submit(request);
        if (ids.length === 1) throw new UnconfirmedSubmit(request.id, "too late");
        return job;
      },
    });
    await start({ queue: { ...queue, jobs } });
    const job = await submitted(api);
    expect(ids).toEqual([job.job_id, job.job_id]);
  });

  it("that was not confirmed says which job may exist, and keeps its file and manifest", async () => {
    const queue = await testQueue();
    const asked: string[] = [];
    const jobs = withMethods(queue.jobs, {
      submit: async ({ id }) => {
        asked.push(id);
        const refusal = new DomainError("redis_unavailable", "no answer");
        throw asked.length === 1 ? new UnconfirmedSubmit(id, refusal) : refusal;
      },
    });
    await start({ queue: { ...queue, jobs } });
    const response = await submit(api);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    const problem = await json(response);
    expect(problem).toMatchObject({ code: "redis_unavailable", job_id: asked[0], may_exist: true });
    expect(problem["detail"]).toContain(`/api/jobs/${asked[0]}`);
    expect(await api.keys()).toHaveLength(2);
  });

  it("that was refused for certain is taken back with its manifest", async () => {
    const queue = await testQueue();
    const jobs = withMethods(queue.jobs, {
      submit: async () => {
        throw new DomainError("redis_unavailable", "no connection");
      },
    });
    await start({ queue: { ...queue, jobs } });
    const response = await submit(api);
    expect(response.status).toBe(503);
    const problem = await json(response);
    expect(problem).not.toHaveProperty("may_exist");
    expect(problem).not.toHaveProperty("job_id");
    await waitFor(async () => (await api.keys()).length === 0);
  });

  it("is not accepted by a process that stops", async () => {
    await start();
    api.stop.abort();
    const response = await submit(api);
    expect(response.status).toBe(503);
    expect(await json(response)).toMatchObject({ code: "draining" });
  });

  it("reaches the failpoint `stored` with the file alone, and `enqueued` with manifest and job", async () => {
    const seen: unknown[] = [];
    const queue = await testQueue();
    await start({
      queue,
      deps: {
        failpoint: async (name) => {
          seen.push([name, (await api.keys()).length, (await queue.jobs.list({ limit: 10 })).jobs.length]);
        },
      },
    });
    await submitted(api);
    expect(seen).toEqual([
      ["stored", 1, 0],
      ["enqueued", 2, 1],
    ]);
  });

  it("whose client left before the job was queued makes no job and leaves nothing behind", async () => {
    const queue = await testQueue();
    const reached = signal();
    const go = signal();
    const facts: QueuePorts["facts"] = {
      ...queue.facts,
      get: async () => {
        reached.resolve(); // a keyed submit asks for the tombstone of its job, then queues it
        await go.promise;
        return undefined;
      },
    };
    await start({ queue: { ...queue, facts } });
    const abort = new AbortController();
    const request = fetch(`${api.url}/api/processors/csv-count/jobs`, {
      method: "POST",
      body: formWith(),
      headers: { "idempotency-key": "k" },
      signal: abort.signal,
    });
    await reached.promise;
    abort.abort();
    await expect(request).rejects.toThrow();
    await waitFor(() => api.lines.some(({ message }) => message.includes("client gone")));
    go.resolve();
    await waitFor(async () => (await api.keys()).length === 0);
    expect((await queue.jobs.list({ limit: 10 })).jobs).toEqual([]);
  });
});

describe("a processor that was announced after this process started", () => {
  it("takes jobs at once", async () => {
    await start();
    await api.queue.catalogue.announce(
      { id: "w2", host: "h", pid: 2, slots: 1, processors: ["newcomer"], startedAt: 0 },
      [{ ...CSV, name: "newcomer" }],
    );
    const response = await fetch(`${api.url}/api/processors/newcomer/jobs`, {
      method: "POST",
      body: formWith(),
    });
    expect(response.status).toBe(202);
  });
});
