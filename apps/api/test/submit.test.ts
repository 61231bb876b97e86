import { DomainError, type QueuePorts, UnconfirmedSubmit } from "@drover/core";
import { decodeManifest, readManifest } from "@drover/job-files";
import { signal, testQueue, waitFor, withMethods } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import {
  CSV,
  completeWith,
  formWith,
  json,
  startApi,
  submit,
  submitted,
  type TestApi,
  type TestApiOptions,
  work,
} from "./test-api.js";

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

describe("a submit is refused, with nothing left in storage, when", () => {
  const over = (bytes: number) => formWith(new Uint8Array(bytes));
  it.each<[string, () => FormData, number, string, string?]>([
    ["the file is empty", () => formWith(""), 400, "file_empty"],
    [
      "there is no file",
      () => {
        const f = new FormData();
        f.append("params", "{}");
        return f;
      },
      400,
      "file_missing",
    ],
    [
      "the file came as a text field",
      () => {
        const f = new FormData();
        f.append("file", "a,b");
        return f;
      },
      400,
      "file_missing",
    ],
    ["the file is larger than the processor takes", () => over((1 << 20) + 1), 413, "file_too_large"],
    ["the file is far larger than the processor takes", () => over(8 << 20), 413, "file_too_large"],
    [
      "the file has another ending and type",
      () => {
        const f = new FormData();
        f.append("file", new Blob(["x"], { type: "image/png" }), "x.png");
        return f;
      },
      415,
      "file_type_not_accepted",
    ],
    [
      "there are two files",
      () => {
        const f = formWith();
        f.append("file", new Blob(["b"]), "b.csv");
        return f;
      },
      400,
      "invalid_request",
    ],
    [
      "a second file has another name",
      () => {
        const f = formWith();
        f.append("extra", new Blob(["b"]), "b.csv");
        return f;
      },
      400,
      "invalid_request",
    ],
    [
      "the only file has another name",
      () => {
        const f = new FormData();
        f.append("upload", new Blob(["b"]), "b.csv");
        return f;
      },
      400,
      "invalid_request",
    ],
    ["params are not JSON", () => formWith("a", { params: "{timezone}" }), 400, "invalid_request", "params"],
    ["params are no object", () => formWith("a", { params: "[1]" }), 400, "invalid_request", "params"],
    ["tags are not JSON", () => formWith("a", { tags: "x" }), 400, "invalid_request", "tags"],
    ["a tag is no text", () => formWith("a", { tags: '{"a":1}' }), 400, "invalid_request", "tags.a"],
    [
      "a tag's value is too long",
      () => formWith("a", { tags: JSON.stringify({ a: "x".repeat(257) }) }),
      400,
      "invalid_request",
      "tags.a",
    ],
    [
      "there are too many tags",
      () =>
        formWith("a", {
          tags: JSON.stringify(Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, ""]))),
        }),
      400,
      "invalid_request",
      "tags",
    ],
    [
      "priority is out of range",
      () => formWith("a", { priority: "101" }),
      400,
      "invalid_request",
      "priority",
    ],
    [
      "priority is no whole number",
      () => formWith("a", { priority: "1.5" }),
      400,
      "invalid_request",
      "priority",
    ],
    [
      "run_at is no RFC 3339 time",
      () => formWith("a", { run_at: "tomorrow" }),
      400,
      "invalid_request",
      "run_at",
    ],
    [
      "timeout_ms is over the processor's limit",
      () => formWith("a", { timeout_ms: "60001" }),
      400,
      "invalid_request",
      "timeout_ms",
    ],
    ["a field is unknown", () => formWith("a", { prioritty: "1" }), 400, "invalid_request", "prioritty"],
    [
      "a field comes twice",
      () => {
        const f = formWith("a", { params: "{}" });
        f.append("params", "{}");
        return f;
      },
      400,
      "invalid_request",
      "params",
    ],
    [
      "a field's name has brackets",
      () => formWith("a", { "params[timezone]": "UTC" }),
      400,
      "invalid_request",
    ],
    [
      "a field is too long",
      () => formWith("a", { params: JSON.stringify({ timezone: "x".repeat(17_000) }) }),
      400,
      "invalid_request",
    ],
    [
      "the job's data would be over 4 KiB",
      () => formWith("a", { params: JSON.stringify({ timezone: "x".repeat(4_000) }) }),
      400,
      "invalid_request",
    ],
    [
      "a param is unknown",
      () => formWith("a", { params: '{"tz":"UTC"}' }),
      422,
      "invalid_params",
      "params.tz",
    ],
    [
      "a param has the wrong type",
      () => formWith("a", { params: '{"timezone":5}' }),
      422,
      "invalid_params",
      "params.timezone",
    ],
    [
      "a param is none of the choices",
      () => formWith("a", { params: '{"mode":"slow"}' }),
      422,
      "invalid_params",
      "params.mode",
    ],
    [
      "a nested param is missing",
      () => formWith("a", { params: '{"nested":{}}' }),
      422,
      "invalid_params",
      "params.nested.depth",
    ],
  ])("%s", async (_when, form, status, code, path) => {
    await start();
    const response = await submit(api, form());
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    const problem = await json(response);
    expect(problem).toMatchObject({ code, status });
    if (path !== undefined) expect(problem["errors"]).toEqual([expect.objectContaining({ path })]);
    await waitFor(async () => (await api.keys()).length === 0);
    expect((await api.queue.jobs.list({ limit: 10 })).jobs).toEqual([]);
    await waitFor(() => api.lines.find(({ level, fields }) => level === "warn" && fields["code"] === code));
  });

  it("the processor is unknown", async () => {
    await start();
    const response = await fetch(`${api.url}/api/processors/nope/jobs`, { method: "POST", body: formWith() });
    expect(response.status).toBe(404);
    expect(await json(response)).toMatchObject({ code: "processor_not_found" });
  });

  it("the body is no form", async () => {
    await start();
    const response = await fetch(`${api.url}/api/processors/csv-count/jobs`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ code: "file_missing" });
  });
});

describe("a file is accepted", () => {
  it.each([
    ["by its ending in any case", "LOG.CSV", "application/octet-stream"],
    ["by its media type, whatever it is called", "export", "text/csv; charset=utf-8"],
  ])("%s", async (_how, filename, type) => {
    await start();
    const form = new FormData();
    form.append("file", new Blob(["a"], { type }), filename);
    expect((await submit(api, form)).status).toBe(202);
  });

  it("of exactly the largest size", async () => {
    await start();
    expect((await submit(api, formWith(new Uint8Array(CSV.limits.maxInputBytes)))).status).toBe(202);
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
