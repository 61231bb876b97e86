import { utimes } from "node:fs/promises";
import { join } from "node:path";
import type { JobEnd, JobId, JobRequest } from "@drover/core";
import { bury, inputFolder, manifestKey, readManifest, writeManifest } from "@drover/job-files";
import { type TestStore, testStore } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jobIdOfKey } from "../src/jobs/idempotency.js";
import { formWith, json, submit } from "./job-steps.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";

const ID = jobIdOfKey("k", "default");
const HOUR = 3_600_000;

describe("a submit whose key made a job that Redis has lost", () => {
  let api: TestApi;
  let first: JobRequest;
  let files: TestStore;
  const repeat = (content = "a", target = api) =>
    submit(target, formWith(content), { "idempotency-key": "k" });
  /** The api in front of a Redis that forgot everything. */
  const startAgain = async (deps: TestApiOptions["deps"] = {}) => {
    await api.close();
    api = await startApi({ store: files.store, deps });
  };
  /** All manifests were written so long ago, in ms. */
  const age = async (ms: number) => {
    const at = (Date.now() - ms) / 1_000;
    for (const key of await stored())
      if (key === manifestKey(key)) await utimes(join(files.folder, key), at, at);
  };
  const stored = async () => (await api.keys()).filter((key) => key.startsWith("inputs/"));
  const settle = async (end: Partial<JobEnd> = {}) => {
    const settled: JobEnd = {
      ...{ status: "completed", at: Date.now(), attempt: 2, result: { rows: 7 }, artifacts: [], error: null },
      ...end,
    };
    await writeManifest({ version: 1, request: first, settled }, api.store);
  };

  beforeEach(async () => {
    files = await testStore();
    const { store } = files;
    api = await startApi({ store });
    expect((await repeat()).status).toBe(202);
    const [key = ""] = await stored();
    const manifest = await readManifest(key, store);
    if (manifest === undefined) throw new Error("an accepted job has a manifest");
    first = manifest.request;
  });
  afterEach(() => api.close());

  it("F25: answers the job with its end and result when it had ended, and discards the new upload", async () => {
    await settle();
    await startAgain();
    const response = await repeat();
    expect([response.status, response.headers.get("idempotent-replayed")]).toEqual([202, "true"]);
    expect(await json(response)).toMatchObject({
      job_id: ID,
      status: "completed",
      result: { rows: 7 },
      attempt: 2,
    });
    expect(await stored()).toEqual([first.input.key, manifestKey(first.input.key)]);
    expect(await json(repeat())).toMatchObject({ status: "completed" });
  });

  it.each(["failed", "cancelled"] as const)("answers one that was %s as such", async (status) => {
    const error = status === "failed" ? { code: "crashed", message: "It died.", retryable: true } : null;
    await settle({ status, result: null, error } as Partial<JobEnd>);
    await startAgain();
    expect(await json(repeat())).toMatchObject({ status, error });
  });

  it("queues the job again from its own upload and request when it had not ended", async () => {
    await writeManifest(
      { version: 1, request: { ...first, params: { mode: "fast" } }, settled: null },
      api.store,
    );
    await age(10_000);
    await startAgain();
    const response = await repeat();
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    expect(await json(response)).toMatchObject({ status: "queued", params: { mode: "fast" } });
    const job = await api.queue.jobs.get(ID);
    expect(job).toMatchObject({ input: first.input, createdAt: first.createdAt });
    expect(await stored()).toEqual([first.input.key, manifestKey(first.input.key)]);
  });

  it("is a submit of its own while the other may be under way, so that it cannot lose its file to a refusal", async () => {
    await age(9_000);
    await startAgain();
    const response = await repeat();
    expect(response.headers.get("idempotent-replayed")).toBeNull();
    const job = await api.queue.jobs.get(ID);
    expect(job?.input.key).not.toBe(first.input.key);
    expect(await stored()).toHaveLength(4);
  });

  it("is refused when it asks for something else, and nothing is restored", async () => {
    await settle();
    await startAgain();
    const response = await repeat("another file");
    expect([response.status, (await json(response))["code"]]).toEqual([422, "idempotency_key_reused"]);
    expect(await api.queue.jobs.get(ID)).toBeUndefined();
    expect(await stored()).toEqual([first.input.key, manifestKey(first.input.key)]);
  });

  it("is 410 when the job was deleted or its retention has passed", async () => {
    await settle({ at: Date.now() - HOUR });
    await startAgain();
    const over = await repeat();
    expect([over.status, (await json(over))["code"]]).toEqual([410, "job_expired"]);
    await settle();
    await bury(first, Date.now(), api.store);
    expect((await repeat()).status).toBe(410);
    expect(await api.queue.jobs.get(ID)).toBeUndefined();
  });

  it("is 410 in the moment in which the sweeper has erased the job and not yet its files", async () => {
    await settle();
    await startAgain();
    const { finished } = api.queue;
    Object.assign(api.deps.queue, { finished: { ...finished, isExpired: async () => true } });
    expect((await repeat()).status).toBe(410);
    expect(await stored()).toHaveLength(2);
  });

  it("restores nothing when store and Redis do not belong together", async () => {
    await settle();
    await startAgain({
      installation: {
        state: { kind: "agreed", id: "test" },
        confirm: async (maxAgeMs = 0) => {
          if (maxAgeMs === 0) throw new Error("as of now they do not");
        },
      },
    });
    expect((await repeat()).status).toBe(500);
    expect(await api.queue.jobs.get(ID)).toBeUndefined();
    await api.close({ errors: 1 });
    api = await startApi({ store: files.store });
  });

  it("of several uploads the one whose job has ended counts", async () => {
    const other = first.input.key.replace(/[^/]+\/file$/, "0000/file");
    await writeManifest(
      { version: 1, request: { ...first, input: { ...first.input, key: other } }, settled: null },
      api.store,
    );
    await settle();
    await age(HOUR);
    await startAgain();
    expect(await json(repeat())).toMatchObject({ status: "completed" });
    expect((await api.queue.jobs.get(ID))?.input.key).toBe(first.input.key);
  });

  it("one without a key looks for nothing", async () => {
    const listed: string[] = [];
    const list = api.store.list.bind(api.store);
    api.store.list = (prefix) => {
      listed.push(prefix);
      return list(prefix);
    };
    expect((await submit(api)).status).toBe(202);
    expect(listed).toEqual([]);
    expect(
      (await stored()).map(inputFolder).filter((folder) => folder.includes(`/${ID as JobId}/`)),
    ).toHaveLength(2);
  });
});
