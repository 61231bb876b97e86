import type { JobRequest, QueuePorts } from "@drover/core";
import { tombstoneKey } from "@drover/job-files";
import { testQueue, waitFor, withMethods } from "@drover/testkit";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { fingerprintOf, jobIdOfKey, parseIdempotencyKey } from "../src/jobs/idempotency.js";
import { formWith, json, submit } from "./job-steps.js";
import { CSV, startApi, type TestApi, type TestApiOptions } from "./test-api.js";

describe("a key", () => {
  it("is the same quoted and bare", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_:./-]{1,255}$/), (key) => {
        expect(parseIdempotencyKey(`"${key}"`)).toBe(parseIdempotencyKey(key));
      }),
    );
    expect(parseIdempotencyKey('"a\\"b"')).toBe('a"b');
    expect(parseIdempotencyKey(undefined)).toBeUndefined();
  });

  it.each(["", '""', "x".repeat(256), "é"])("is refused when it is %j", (key) => {
    expect(() => parseIdempotencyKey(key)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  it("makes one job id, a UUID of version 8, and of one owner another than of the next", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 255 }), (key) => {
        const id = jobIdOfKey(key, "default");
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(jobIdOfKey(key, "default")).toBe(id);
        expect(jobIdOfKey(key, "another")).not.toBe(id);
        expect(jobIdOfKey(`${key}x`, "default")).not.toBe(id);
      }),
    );
    // Pinned: another id for the same key would make a second job of a submit that is repeated across an
    // upgrade.
    expect(jobIdOfKey("report-2026-01", "default")).toBe("b96f258d-df8e-8d26-8820-4a2265ed7a5c");
  });
});

describe("the fingerprint", () => {
  const request = {
    id: "a",
    processor: "p",
    params: { a: 1, b: { c: 2, d: 3 } },
    tags: {},
    priority: 0,
    runAt: null,
    timeoutMs: null,
    queueTimeoutMs: null,
    fingerprint: null,
    maxAttempts: 3,
    createdAt: 1,
    input: { key: "k", filename: "f", sizeBytes: 1, mediaType: "t", sha256: "s" },
  } as unknown as JobRequest;

  it("does not depend on ids, times and the order of members", () => {
    const same = {
      ...request,
      id: "b" as typeof request.id,
      createdAt: 2,
      params: { b: { d: 3, c: 2 }, a: 1 },
    };
    expect(fingerprintOf(same)).toBe(fingerprintOf(request));
  });

  it.each([
    { processor: "q" },
    { params: {} },
    { tags: { a: "b" } },
    { priority: 1 },
    { runAt: 5 },
    { timeoutMs: 5 },
    { input: { ...request.input, filename: "g" } },
    { input: { ...request.input, sha256: "z" } },
  ])("depends on %j", (change) => {
    expect(fingerprintOf({ ...request, ...change })).not.toBe(fingerprintOf(request));
  });
});

describe("a submit with a key", () => {
  let api: TestApi;
  afterEach(() => api.close());
  const start = async (options?: TestApiOptions) => {
    api = await startApi(options);
  };
  const jobs = async () => (await api.queue.jobs.list({ limit: 100 })).jobs;

  it("makes one job of two equal submits, and keeps one file", async () => {
    await start();
    const first = await submit(api, formWith("a", { params: '{"mode":"fast"}' }), {
      "idempotency-key": '"k1"',
    });
    const second = await submit(api, formWith("a", { params: ' { "mode" : "fast" }' }), {
      "idempotency-key": "k1",
    });
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect((await json(second)).job_id).toBe((await json(first)).job_id);
    expect(await jobs()).toHaveLength(1);
    expect(await api.keys()).toHaveLength(2);
  });

  it("makes one job of 50 concurrent requests", async () => {
    await start();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => submit(api, formWith("a"), { "idempotency-key": "concurrent" })),
    );
    const ids = await Promise.all(answers.map(async (answer) => (await json(answer)).job_id));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(202));
    expect(new Set(ids).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get("idempotent-replayed") === null)).toHaveLength(1);
    expect(await jobs()).toHaveLength(1);
    await waitFor(async () => (await api.keys()).length === 2);
  });

  it.each<[string, () => FormData]>([
    ["another file", () => formWith("b")],
    ["another file name", () => formWith("a", {}, "other.csv")],
    ["other params", () => formWith("a", { params: '{"mode":"fast"}' })],
  ])("is 422 when the key was used with %s, and leaves the first job alone", async (_what, form) => {
    await start();
    await submit(api, formWith("a"), { "idempotency-key": "k" });
    const response = await submit(api, form(), { "idempotency-key": "k" });
    expect(response.status).toBe(422);
    expect(await json(response)).toMatchObject({ code: "idempotency_key_reused" });
    expect(await jobs()).toHaveLength(1);
    await waitFor(async () => (await api.keys()).length === 2);
  });

  it("makes two jobs of two keys", async () => {
    await start();
    await submit(api, formWith("a"), { "idempotency-key": "k1" });
    await submit(api, formWith("a"), { "idempotency-key": "k2" });
    expect(await jobs()).toHaveLength(2);
  });

  it("makes the job when the process that took the first request died before it queued it", async () => {
    const died = new Error("killed");
    let hasDied = false;
    await start({
      deps: {
        failpoint: async (name) => {
          if (name !== "stored" || hasDied) return;
          hasDied = true;
          throw died;
        },
      },
    });
    expect((await submit(api, formWith("a"), { "idempotency-key": "k" })).status).toBe(500);
    expect(await jobs()).toEqual([]);
    const second = await submit(api, formWith("a"), { "idempotency-key": "k" });
    expect(second.status).toBe(202);
    const third = await submit(api, formWith("a"), { "idempotency-key": "k" });
    expect((await json(third)).job_id).toBe((await json(second)).job_id);
    expect(await jobs()).toHaveLength(1);
    const errors = api.lines.filter(({ level }) => level === "error");
    expect(errors.map(({ fields }) => fields.error)).toEqual([died]);
    api.lines.splice(0);
  });

  it("drops its own file when a concurrent request queued the job first after all", async () => {
    const queue = await testQueue();
    const hidden = withMethods(queue.jobs, { get: async () => undefined });
    await start({ queue: { ...queue, jobs: hidden } });
    const first = await submit(api, formWith("a"), { "idempotency-key": "k" });
    const second = await submit(api, formWith("a"), { "idempotency-key": "k" });
    const other = await submit(api, formWith("b"), { "idempotency-key": "k" });
    expect((await json(first)).job_id).toBe((await json(second)).job_id);
    expect([first, second].map(({ headers }) => headers.get("idempotent-replayed"))).toEqual([null, "true"]);
    expect((await json(other))["code"]).toBe("idempotency_key_reused");
    const [job] = (await queue.jobs.list({ limit: 5 })).jobs;
    await waitFor(async () => (await api.keys()).length === 2);
    expect(await api.keys()).toContain(job?.input.key);
  });

  it("makes the same job again when everything that remembered it is gone", async () => {
    await start();
    const first = await json(submit(api, formWith("a"), { "idempotency-key": "k" }));
    await api.close();
    await start();
    const second = await submit(api, formWith("a"), { "idempotency-key": "k" });
    expect((await json(second)).job_id).toBe(first.job_id);
    expect(second.headers.get("idempotent-replayed")).toBeNull();
  });

  it("is 410 when the job that the key made has expired", async () => {
    await start();
    const { job_id } = await json(submit(api, formWith("a"), { "idempotency-key": "k" }));
    await api.queue.jobs.remove(job_id as Parameters<QueuePorts["jobs"]["remove"]>[0]);
    await api.queue.facts.set(`expired:${job_id}`, "2026-01-01T00:00:00.000Z", 60_000);
    const response = await submit(api, formWith("a"), { "idempotency-key": "k" });
    expect(response.status).toBe(410);
    expect(await json(response)).toMatchObject({
      code: "job_expired",
      expired_at: "2026-01-01T00:00:00.000Z",
    });
    await waitFor(async () => (await api.keys()).length === 2); // those of the first
  });

  it("is 410 when the job that the key made was deleted, and leaves nothing behind", async () => {
    await start();
    const { job_id } = await json(submit(api, formWith("a"), { "idempotency-key": "k" }));
    expect((await fetch(`${api.url}/api/jobs/${job_id}`, { method: "DELETE" })).status).toBe(204);
    const marker = tombstoneKey(job_id as JobRequest["id"]);
    await api.store.put(
      marker,
      (async function* () {
        yield Buffer.from("{}");
      })(),
    );
    const response = await submit(api, formWith("a"), { "idempotency-key": "k" });
    expect(response.status).toBe(410);
    const problem = await json(response);
    expect(problem).toMatchObject({ code: "job_expired" });
    expect(problem["detail"]).toContain("use a new key");
    await waitFor(async () => (await api.keys()).join() === marker);
    expect(await jobs()).toEqual([]);
  });

  it("is refused before its file is read when the key is malformed", async () => {
    await start();
    const response = await submit(api, formWith(new Uint8Array(CSV.limits.maxInputBytes)), {
      "idempotency-key": "x".repeat(256),
    });
    expect(response.status).toBe(400);
    expect(await api.keys()).toEqual([]);
  });
});
