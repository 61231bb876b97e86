import { randomUUID } from "node:crypto";
import {
  type BlobStore,
  DomainError,
  type JobId,
  type JobRequest,
  type Outcome,
  type QueuePorts,
} from "@drover/core";
import {
  decodeManifest,
  inputFolder,
  inputKey,
  type Manifest,
  tombstone,
  writeManifest,
} from "@drover/job-files";
import { createMemoryQueue } from "@drover/queue";
import { createMemoryStore } from "@drover/storage";
import { beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../src/clock.js";
import { Confirmed } from "../src/confirmed.js";
import { type Swept, sweep } from "../src/sweeper.js";
import { bytes, recordingLog, requestOf, until } from "./harness.js";

const HOUR = 3_600_000;
const NOTHING: Swept = { jobsExpired: 0, restored: 0, settled: 0, inputsRemoved: 0, attemptsRemoved: 0 };

let queue: QueuePorts;
let blobs: BlobStore;
/** How far the sweeper's clock is ahead. */
let ahead: number;
let log: ReturnType<typeof recordingLog>;
/** Says whether Redis and storage belong together. */
let confirm: () => Promise<void>;
beforeEach(() => {
  queue = createMemoryQueue();
  blobs = createMemoryStore();
  ahead = 0;
  log = recordingLog();
  confirm = async () => {};
});

/** One sweep by a worker of its own, on the store given. */
function sweepNow(store: BlobStore = blobs): Promise<Swept> {
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  return sweep(
    {
      queue,
      blobs: store,
      clock,
      retentionMs: { completed: 2 * HOUR, failed: 4 * HOUR },
      processors: ["p"],
      orphanGraceMs: HOUR,
      installation: { confirm },
      confirmed: new Confirmed(0, clock.now),
      intervalMs: 1_000,
      random: () => 0,
      log,
      quietLog: log,
    },
    new AbortController().signal,
  );
}

/** An upload as an api stores it. */
async function upload(changes: Partial<JobRequest> = {}): Promise<JobRequest> {
  const request = requestOf("p", changes);
  await blobs.put(request.input.key, bytes("some input"));
  await writeManifest({ version: 1, request, settled: null }, blobs);
  return request;
}

/** A job that ended as told, its files as the worker leaves them when it dies before it can tidy up. */
async function ended(outcome: Outcome): Promise<JobRequest> {
  const request = await upload();
  await queue.jobs.submit(request);
  const consumer = queue.attempts.consume(
    "p",
    { slots: 1, workerId: "w", retry: { baseDelayMs: 0, maxDelayMs: 0 } },
    async () => outcome,
  );
  await until("the job ended", async () => (await queue.jobs.get(request.id))?.finishedAt != null);
  await consumer.drain(0);
  return request;
}

async function completed(): Promise<JobRequest> {
  const key = `jobs/attempt-of-nobody/1-abc/out.txt`;
  const request = await ended({
    kind: "completed",
    result: null,
    artifacts: [
      {
        name: "out.txt",
        key,
        sizeBytes: 1,
        mediaType: "text/plain",
        sha256: "0".repeat(64),
        isPrimary: true,
      },
    ],
  });
  return request;
}

const failure: Outcome = { kind: "failed", code: "input_invalid", message: "no", retryable: false };

async function manifestOf(request: JobRequest): Promise<Manifest | undefined> {
  const content = await blobs.open(`${inputFolder(request.input.key)}/manifest.json`);
  if (content === undefined) return undefined;
  let text = "";
  for await (const chunk of content) text += Buffer.from(chunk).toString();
  return decodeManifest(text);
}

async function keys(prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for (const root of prefix === "" ? ["inputs/", "jobs/"] : [prefix]) {
    for await (const { key } of blobs.list(root)) found.push(key);
  }
  return found;
}

async function statusOf(id: JobId): Promise<string | undefined> {
  return (await queue.jobs.get(id))?.status;
}

test("F20: nothing is removed or restored while Redis and storage do not belong together", async () => {
  const unfinished = await upload();
  const failed = await ended(failure);
  await blobs.put(`jobs/${randomUUID()}/1-abc/out.txt`, bytes("x"));
  const before = await keys();
  queue = createMemoryQueue(); // the wrong one: it knows none of this
  confirm = () => Promise.reject(new DomainError("storage_not_shared", "no"));
  ahead = 1_000 * HOUR;
  expect(await sweepNow()).toEqual(NOTHING);
  expect(await keys()).toEqual(before);
  for (const { id } of [unfinished, failed]) expect(await statusOf(id)).toBeUndefined();
});

describe("retention", () => {
  test("removes a job, its input and its artifacts when it ended, not earlier, and leaves a tombstone", async () => {
    const request = await ended(failure);
    await blobs.put(`jobs/${request.id}/1-abc/out.txt`, bytes("x"));
    ahead = 4 * HOUR - 5_000;
    expect((await sweepNow()).jobsExpired).toBe(0);
    expect(await statusOf(request.id)).toBe("failed");
    ahead = 4 * HOUR + 5_000;
    expect((await sweepNow()).jobsExpired).toBe(1);
    expect(await statusOf(request.id)).toBeUndefined();
    expect(await keys()).toEqual([]);
    expect(await queue.facts.get(tombstone(request.id))).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  test("of completed jobs is its own", async () => {
    const request = await completed();
    ahead = 2 * HOUR + 5_000;
    expect((await sweepNow()).jobsExpired).toBe(1);
    expect(await statusOf(request.id)).toBeUndefined();
  });

  test("a sweep that dies between files and job is finished by the next one, and the job is not taken for lost", async () => {
    const request = await ended(failure);
    ahead = 4 * HOUR + 5_000;
    let removals = 0;
    const dying: BlobStore = Object.assign(Object.create(blobs) as BlobStore, {
      async remove(prefix: string) {
        removals += 1;
        if (removals > 1) throw new Error("killed");
        await blobs.remove(prefix);
      },
      put: blobs.put.bind(blobs),
      list: blobs.list.bind(blobs),
      open: blobs.open.bind(blobs),
      stat: blobs.stat.bind(blobs),
    });
    await sweepNow(dying);
    expect(await statusOf(request.id)).toBe("failed");
    expect(await sweepNow()).toMatchObject({ jobsExpired: 1, restored: 0 });
    expect(await keys()).toEqual([]);
  });

  test("an input whose job expired is removed, not restored, whenever the sweep died", async () => {
    const request = await upload();
    await queue.facts.set(tombstone(request.id), new Date().toISOString(), HOUR);
    ahead = 20_000;
    expect(await sweepNow()).toEqual({ ...NOTHING, inputsRemoved: 1 });
    expect(await statusOf(request.id)).toBeUndefined();
  });

  test("two sweeps at once remove each job once", async () => {
    await ended(failure);
    await ended(failure);
    ahead = 4 * HOUR + 5_000;
    await Promise.all([sweepNow(), sweepNow()]);
    expect(await keys()).toEqual([]);
    expect(await sweepNow()).toEqual(NOTHING);
  });
});

describe("reconcile", () => {
  test("brings accepted, unfinished jobs back after Redis lost everything, and no others", async () => {
    const failed = await ended(failure);
    const unfinished = await upload();
    await queue.jobs.submit(unfinished);
    ahead = 20_000;
    await sweepNow();
    queue = createMemoryQueue();
    expect(await sweepNow()).toEqual({ ...NOTHING, restored: 1 });
    expect(await statusOf(unfinished.id)).toBe("queued");
    expect(await statusOf(failed.id)).toBeUndefined();
    expect((await queue.jobs.history(unfinished.id)).events).toMatchObject([{ type: "restored" }]);
    expect(await sweepNow(), "nothing is left to do").toEqual(NOTHING);
  });

  test("leaves a manifest alone whose submit may be under way", async () => {
    const request = await upload();
    ahead = 5_000;
    expect(await sweepNow()).toEqual(NOTHING);
    expect(await statusOf(request.id)).toBeUndefined();
  });

  test("settles the manifest of a job that was cancelled or failed behind the worker's back, and opens that of one that runs again", async () => {
    const request = await upload();
    await queue.jobs.submit(request);
    await queue.jobs.cancel(request.id);
    ahead = 20_000;
    expect(await sweepNow()).toEqual({ ...NOTHING, settled: 1 });
    expect((await manifestOf(request))?.settled).toMatchObject({ status: "cancelled" });
    await queue.jobs.retry(request.id, { changed: true });
    ahead = 40_000;
    expect(await sweepNow()).toEqual({ ...NOTHING, settled: 1 });
    expect(await manifestOf(request)).toMatchObject({
      settled: null,
      request: { params: { changed: true } },
    });
  });

  test("removes the input of a completed job", async () => {
    const request = await completed();
    ahead = 20_000;
    expect((await sweepNow()).inputsRemoved).toBe(1);
    expect(await keys(request.input.key)).toEqual([]);
  });

  test("removes a settled manifest without job and file at once: a delete and the end of the job met", async () => {
    const request = requestOf("p");
    const settled = { status: "cancelled", at: Date.now() } as const;
    await writeManifest({ version: 1, request, settled }, blobs);
    ahead = 20_000;
    expect(await sweepNow()).toEqual({ ...NOTHING, inputsRemoved: 1 });
    expect(await keys()).toEqual([]);
  });

  test("removes uploads that became no job, and the second upload of a job, when they are old", async () => {
    await blobs.put(inputKey(randomUUID()), bytes("no manifest"));
    const request = await upload();
    await queue.jobs.submit(request);
    await upload({ id: request.id });
    ahead = HOUR - 10_000;
    expect(await sweepNow()).toEqual(NOTHING);
    ahead = HOUR + 10_000;
    expect(await sweepNow()).toEqual({ ...NOTHING, inputsRemoved: 2 });
    expect((await keys("inputs/")).every((key) => key.startsWith(inputFolder(request.input.key)))).toBe(true);
  });

  test("a sweep that meets trouble says so and goes on with the rest", async () => {
    await blobs.put(`jobs/${randomUUID()}/1-abc/out.txt`, bytes("x"));
    ahead = 2 * HOUR;
    const finished = { finishedBefore: () => Promise.reject(new Error("no")) };
    queue = { ...queue, finished };
    expect((await sweepNow()).attemptsRemoved).toBe(1);
    expect(log.entries.map(({ message }) => message)).toContain(
      "Sweep of expired jobs failed; the next one tries again",
    );
  });
});

describe("artifacts", () => {
  test("that no job points at are removed when they are old; the published ones and those of a running attempt stay", async () => {
    const request = await upload();
    const published = `jobs/${request.id}/2-winner/out.txt`;
    const loser = `jobs/${request.id}/1-loser/out.txt`;
    await blobs.put(published, bytes("x"));
    await blobs.put(loser, bytes("x"));
    await queue.jobs.submit(request);
    let finish = (_outcome: Outcome) => {};
    let starts = 0;
    const consumer = queue.attempts.consume(
      "p",
      { slots: 1, workerId: "w", retry: { baseDelayMs: 0, maxDelayMs: 0 } },
      () => {
        starts += 1;
        if (starts === 1) return Promise.resolve({ kind: "released" });
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    );
    await until("attempt 2 runs", () => starts === 2);
    ahead = HOUR - 10_000;
    expect((await sweepNow()).attemptsRemoved, "too young").toBe(0);
    ahead = HOUR + 10_000;
    expect((await sweepNow()).attemptsRemoved, "attempt 1 is over").toBe(1);
    expect(await keys("jobs/")).toEqual([published]);
    const artifact = {
      name: "out.txt",
      key: published,
      sizeBytes: 1,
      mediaType: "text/plain",
      sha256: "",
      isPrimary: true,
    };
    finish({ kind: "completed", result: null, artifacts: [artifact] });
    await until("it completed", async () => (await statusOf(request.id)) === "completed");
    expect((await sweepNow()).attemptsRemoved, "published").toBe(0);
    await consumer.drain(0);
    await queue.jobs.remove(request.id);
    expect((await sweepNow()).attemptsRemoved, "its job is gone").toBe(1);
  });
});
