import { type BlobStore, type Job, type JobEnd, parseJobId } from "@drover/core";
import { chunksOf, newRequest, readAll } from "@drover/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attemptFolder,
  bury,
  decodeManifest,
  encodeManifest,
  INPUTS,
  inputFolder,
  inputKey,
  isBuried,
  JOBS,
  jobFolder,
  type Manifest,
  manifestKey,
  readManifest,
  readTombstone,
  settleManifest,
  unbury,
  writeManifest,
} from "../src/index.js";

const ID = parseJobId("0199c2f0-0000-7000-8000-000000000001");

const REQUEST = newRequest({
  id: ID,
  input: { ...newRequest().input, key: inputKey("u1"), filename: "lög\n.csv" },
  params: { timezone: "Europe/Lisbon" },
  createdAt: 1_767_225_600_000,
});

describe("a manifest", () => {
  const end: JobEnd = {
    status: "completed",
    at: 5,
    attempt: 2,
    result: { n: 1 },
    artifacts: [],
    error: null,
  };
  it.each<Manifest["settled"]>([null, end, { ...end, status: "cancelled", result: null }])(
    "reads back what was written, settled as %j",
    (settled) => {
      const manifest: Manifest = { version: 1, request: REQUEST, settled };
      expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    },
  );

  it("of an earlier version says of an end what it knew", () => {
    const text = JSON.stringify({ version: 1, request: REQUEST, settled: { status: "failed", at: 5 } });
    expect(decodeManifest(text)?.settled).toEqual({
      ...{ status: "failed", at: 5, attempt: 0, result: null, artifacts: [], error: null },
    });
  });

  it("is none when it was torn anywhere", () => {
    const text = encodeManifest({ version: 1, request: REQUEST, settled: null });
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), (length) => {
        expect(decodeManifest(text.slice(0, length))).toBeUndefined();
      }),
    );
  });

  it("is none in any text that is something else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(decodeManifest(text)).toBeUndefined();
      }),
    );
  });

  it.each([
    ["a later version", { version: 2, request: REQUEST, settled: null }],
    ["no version", { request: REQUEST, settled: null }],
    ["no request", { version: 1, settled: null }],
    ["a request without an id", { version: 1, request: { ...REQUEST, id: undefined }, settled: null }],
    ["a request without an input", { version: 1, request: { ...REQUEST, input: undefined }, settled: null }],
    ["a request that is a list", { version: 1, request: [REQUEST], settled: null }],
    ["a list", [1]],
    ["null", null],
  ])("is none with %s", (_what, value) => {
    expect(decodeManifest(JSON.stringify(value))).toBeUndefined();
  });
});

describe("the keys of blobs", () => {
  it("put the manifest beside the input", () => {
    expect(inputKey("u1")).toBe("inputs/u1/file");
    expect(inputFolder(inputKey("u1"))).toBe("inputs/u1");
    expect(manifestKey(inputKey("u1"))).toBe("inputs/u1/manifest.json");
  });

  it("put every attempt into a folder of its own below the job's", () => {
    expect(attemptFolder(ID, 2, "a1b2")).toBe(`jobs/${ID}/2-a1b2`);
    expect(attemptFolder(ID, 2, "a1b2").startsWith(`${jobFolder(ID)}/`)).toBe(true);
  });

  it("lie below the two prefixes that are swept", () => {
    expect(inputKey("u1").startsWith(INPUTS)).toBe(true);
    expect(jobFolder(ID).startsWith(JOBS)).toBe(true);
  });
});

describe("settling a manifest", () => {
  const end: JobEnd = {
    status: "completed",
    at: 50,
    attempt: 2,
    result: { n: 1 },
    artifacts: [],
    error: null,
  };
  const job = (changes: Partial<Job> = {}): Job => ({
    ...{ ...REQUEST, status: "completed", finishedAt: 50, attempt: 2, result: { n: 1 }, artifacts: [] },
    ...{ error: null, progress: { percent: 100, stage: null, message: null }, waiting: null },
    ...{ updatedAt: 50, startedAt: 40, isCancelling: false },
    ...changes,
  });
  /** The manifest after a settle that found `before` and, looking again, `after`. */
  async function settled(before: Partial<Manifest> | undefined, after: Job | undefined, isDeleted = false) {
    const store = createStore();
    if (isDeleted) await bury(REQUEST, REQUEST.createdAt, store);
    if (before !== undefined)
      await writeManifest({ version: 1, request: REQUEST, settled: null, ...before }, store);
    const answer = await settleManifest(job(), store, async () => after);
    return { answer, manifest: await readManifest(REQUEST.input.key, store) };
  }

  it("says how the job ended, with the params that it ran with", async () => {
    const ran = job({ params: { timezone: "UTC" } });
    const store = createStore();
    await writeManifest({ version: 1, request: REQUEST, settled: null }, store);
    expect(await settleManifest(ran, store, async () => ran)).toBe(true);
    expect(await readManifest(REQUEST.input.key, store)).toEqual({
      ...{ version: 1, request: { ...REQUEST, params: { timezone: "UTC" } }, settled: end },
    });
  });

  it("leaves one alone that was opened for a retry of that end, one with a later end, and one that is gone", async () => {
    expect((await settled({ reopenedEnd: 50 }, job())).manifest?.settled).toBeNull();
    expect((await settled({ settled: { ...end, at: 51 } }, job())).manifest?.settled?.at).toBe(51);
    expect(await settled(undefined, job())).toEqual({ answer: false, manifest: undefined });
    expect((await settled({ reopenedEnd: 49 }, job())).manifest?.settled).toEqual(end);
  });

  it("opens it again when a retry came in between, and takes it away when a delete did", async () => {
    const retried = await settled({}, job({ status: "queued", finishedAt: null, params: { again: true } }));
    expect(retried.answer).toBe(false);
    expect(retried.manifest).toMatchObject({
      ...{ settled: null, reopenedEnd: 50, request: { params: { again: true } } },
    });
    expect(await settled({}, undefined, true)).toEqual({ answer: false, manifest: undefined });
  });

  it("F11: keeps it when Redis lost the job in between: that is no delete", async () => {
    const { answer, manifest } = await settled({}, undefined);
    expect([answer, manifest?.settled]).toEqual([false, end]);
  });
});

describe("a tombstone", () => {
  it("buries the jobs of its id that were made before it, and none that came later", async () => {
    const store = createStore();
    expect(await isBuried(REQUEST, store)).toBe(false);
    await bury(REQUEST, REQUEST.createdAt, store);
    expect(await readTombstone(ID, store)).toMatchObject({ id: ID, inputKey: REQUEST.input.key });
    expect(await isBuried(REQUEST, store)).toBe(true);
    expect(await isBuried({ ...REQUEST, createdAt: REQUEST.createdAt + 1 }, store)).toBe(false);
    await unbury(ID, store);
    expect(await isBuried(REQUEST, store)).toBe(false);
  });

  it("that cannot be read buries nobody", async () => {
    const store = createStore();
    for (const text of ["", "{", '{"version":2}', `{"version":1,"id":"other","at":5}`]) {
      await store.put(`tombstones/${ID}.json`, chunksOf(text));
      expect(await isBuried(REQUEST, store)).toBe(false);
    }
  });
});

/** Blobs in a map: all that these need of a store. */
function createStore(): Pick<BlobStore, "open" | "put" | "remove"> {
  const blobs = new Map<string, Buffer>();
  return {
    async put(key, source) {
      blobs.set(key, await readAll(source));
      return { sizeBytes: 0, sha256: "" };
    },
    async open(key) {
      const found = blobs.get(key);
      return found && chunksOf(found);
    },
    async remove(key) {
      blobs.delete(key);
    },
  };
}
