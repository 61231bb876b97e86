import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type BlobStore, DomainError, type InstallationMarks, type QueuePorts } from "@drover/core";
import { INSTALLATION_KEY, Installation } from "@drover/job-files";
import { createDiskStore } from "@drover/storage";
import { chunksOf, newRequest, testQueue } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const REQUEST = newRequest({ processor: "p" });

const CLOCK = {
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};

let base: string;
let made: number;
let lines: string[];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "drover-installation-"));
  made = 0;
  lines = [];
});

afterEach(() => rm(base, { recursive: true }));

function storeAt(name: string): BlobStore {
  return createDiskStore({ folder: join(base, name) });
}

/** What a process knows of one Redis and one store. */
function processOn(marks: InstallationMarks, store: BlobStore): Installation {
  const write = (message: string) => {
    lines.push(message);
  };
  return new Installation({
    marks,
    store,
    prefix: "drover",
    newId: () => `id-${++made}`,
    clock: CLOCK,
    log: { debug: write, info: write, warn: write, error: write },
    where: { redis: "127.0.0.1:1, database 0", storage: "file:/x" },
  });
}

/** A pair that belongs together, with a file and a job. */
async function usedPair(): Promise<{ readonly queue: QueuePorts; readonly store: BlobStore }> {
  const [queue, store] = [await testQueue(), storeAt("store")];
  expect(await processOn(queue.installation, store).check()).toMatchObject({ kind: "agreed" });
  await store.put("inputs/1/file", chunksOf("x"));
  await queue.jobs.submit(REQUEST);
  return { queue, store };
}

const agreed = (id: string) => ({ kind: "agreed", id });
const notShared = (detail: RegExp) => ({
  kind: "refused",
  code: "storage_not_shared",
  detail: expect.stringMatching(detail),
});
const gone = { kind: "refused", code: "storage_unavailable" };

describe("an installation", () => {
  it("is made by the first process on an empty Redis and an empty storage, and found by all others", async () => {
    const [queue, store] = [await testQueue(), storeAt("store")];
    const processes = Array.from({ length: 6 }, () => processOn(queue.installation, store));
    const states = await Promise.all(processes.map((each) => each.check()));
    const [first] = states;
    for (const state of states) expect(state).toEqual(first);
    expect(first).toMatchObject({ kind: "agreed" });
    expect(await processOn(queue.installation, store).check()).toEqual(first);
    expect(lines[0]).toMatch(
      /^Redis 127\.0\.0\.1:1, database 0, prefix "drover", storage file:\/x: installation id-\d$/,
    );
  });

  it("that a killed process began to make is completed by the next, wherever it was killed", async () => {
    const afterMark = await testQueue();
    await afterMark.installation.create("begun");
    expect(await processOn(afterMark.installation, storeAt("a")).check()).toEqual(agreed("begun"));
    const afterFile = await testQueue();
    await afterFile.installation.create("begun");
    await storeAt("b").put(INSTALLATION_KEY, chunksOf('{"version":1,"id":"begun"}'));
    expect(await processOn(afterFile.installation, storeAt("b")).check()).toEqual(agreed("begun"));
    for (const { installation } of [afterMark, afterFile])
      expect(await installation.read()).toEqual({ state: "bound", id: "begun" });
  });

  it("made at once by two processes with one storage and two Redis is one's; the other is refused", async () => {
    const store = storeAt("store");
    const states = await Promise.all(
      [1, 2, 3].map(async () => processOn((await testQueue()).installation, store).check()),
    );
    expect(states.map(({ kind }) => kind).sort()).toEqual(["agreed", "refused", "refused"]);
  });

  it("made by another process after this one looked for the file, and before it looked for the mark, is found", async () => {
    const [{ installation }, store] = [await testQueue(), storeAt("store")];
    const isOtherFaster = [true];
    const marks: InstallationMarks = {
      read: async () => {
        if (isOtherFaster.pop() === true) await processOn(installation, store).check();
        return installation.read();
      },
      create: (id) => installation.create(id),
      bind: (id) => installation.bind(id),
      hasJobs: () => installation.hasJobs(),
    };
    expect(await processOn(marks, store).check()).toEqual({ kind: "agreed", id: "id-1" });
  });

  it("is made for a storage and a Redis of an older version, which both hold jobs", async () => {
    const { queue, store } = await usedPair();
    const older = await testQueue();
    await older.jobs.submit(REQUEST);
    await rm(join(base, "store", ".drover"), { recursive: true });
    expect(await processOn(older.installation, store).check()).toMatchObject({ kind: "agreed" });
    expect(await queue.installation.read()).toMatchObject({ state: "bound", id: "id-1" });
  });
});

describe("a Redis and a storage that do not belong together", () => {
  it("F20: an empty Redis is refused in front of a full storage, until a person adopts it", async () => {
    const { store } = await usedPair();
    const empty = (await testQueue()).installation;
    const own = processOn(empty, store);
    expect(await own.check()).toEqual(
      notShared(/installation id-1, Redis \(prefix "drover"\) to none.*--adopt/),
    );
    expect(await empty.read()).toBeUndefined();
    await expect(own.confirm()).rejects.toMatchObject({ code: "storage_not_shared" });
    expect(await own.adopt()).toEqual(agreed("id-1"));
    await own.confirm();
    expect(await processOn(empty, store).check()).toEqual(agreed("id-1"));
  });

  it("F20: a Redis of another installation is refused, also when a person says to adopt it", async () => {
    const { store } = await usedPair();
    const other = (await testQueue()).installation;
    expect(await processOn(other, storeAt("other")).check()).toEqual(agreed("id-2"));
    const own = processOn(other, store);
    expect(await own.check()).toEqual(notShared(/installation id-2, the storage to installation id-1/));
    expect(await own.adopt()).toMatchObject({ kind: "refused" });
    expect(await other.read()).toEqual({ state: "bound", id: "id-2" });
  });

  it("F20: an empty storage is refused and not made, until a person says that the files are lost", async () => {
    const { queue } = await usedPair();
    const own = processOn(queue.installation, storeAt("other"));
    expect(await own.check()).toEqual(
      notShared(/installation id-1, and the storage has no installation file/),
    );
    expect(await readdir(base)).toEqual(["store"]);
    expect(await own.adopt()).toEqual(agreed("id-1"));
  });

  it.each([
    ["files and no job", /holds files of jobs.*--adopt/],
    ["jobs and no file", /knows jobs, and the storage holds no file.*--adopt/],
  ])("F20: %s, with no sign on either side, are refused until a person adopts them", async (what, said) => {
    const { store } = await usedPair();
    await rm(join(base, "store", ".drover"), { recursive: true });
    const unmarked = await testQueue();
    if (what === "jobs and no file") await unmarked.jobs.submit(REQUEST);
    const own = processOn(unmarked.installation, what === "jobs and no file" ? storeAt("other") : store);
    expect(await own.check()).toEqual(notShared(said));
    expect(await unmarked.installation.read()).toBeUndefined();
    expect(await own.adopt()).toMatchObject({ kind: "agreed" });
  });

  it("a person may adopt a Redis on which another storage was only begun", async () => {
    const { store } = await usedPair();
    const begun = (await testQueue()).installation;
    await begun.create("never-finished");
    const own = processOn(begun, store);
    expect(await own.check()).toMatchObject({ kind: "refused" });
    expect(await own.adopt()).toEqual(agreed("id-1"));
  });
});

describe("a process that has seen both agree", () => {
  it("F11: binds a Redis that lost its data to the storage again", async () => {
    const { store } = await usedPair();
    let marks = (await testQueue()).installation;
    await marks.bind("id-1");
    const switching: InstallationMarks = {
      read: () => marks.read(),
      create: (id) => marks.create(id),
      bind: (id) => marks.bind(id),
      hasJobs: () => marks.hasJobs(),
    };
    const own = processOn(switching, store);
    expect(await own.check()).toEqual(agreed("id-1"));
    marks = (await testQueue()).installation;
    expect(await own.check()).toEqual(agreed("id-1"));
    expect(await marks.read()).toEqual({ state: "bound", id: "id-1" });
    marks = (await testQueue()).installation;
    await marks.bind("other");
    expect(await own.check(), "another one behind the same address").toMatchObject({ kind: "refused" });
  });

  it("F26: takes a storage without its file for one that is away, never for a new one", async () => {
    const { queue, store } = await usedPair();
    const own = processOn(queue.installation, store);
    await own.check();
    await rm(join(base, "store"), { recursive: true });
    expect(await own.check()).toMatchObject(gone);
    await expect(own.confirm()).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(await readdir(base)).toEqual([]);
  });

  it("does not know while Redis is away, and knows again afterwards", async () => {
    const { queue, store } = await usedPair();
    let isAway = false;
    const own = processOn(
      {
        ...queue.installation,
        read: () =>
          isAway ? Promise.reject(new DomainError("redis_unavailable", "away")) : queue.installation.read(),
      },
      store,
    );
    await own.check();
    isAway = true;
    await expect(own.confirm()).rejects.toMatchObject({ code: "redis_unavailable" });
    isAway = false;
    await own.confirm();
  });

  it("asks nobody while its last look is young enough", async () => {
    const { queue, store } = await usedPair();
    let reads = 0;
    const own = processOn(
      {
        ...queue.installation,
        read() {
          reads += 1;
          return queue.installation.read();
        },
      },
      store,
    );
    await own.confirm(60_000);
    await own.confirm(60_000);
    expect(reads).toBe(1);
    await own.confirm();
    expect(reads).toBe(2);
  });

  it("takes a damaged installation file for no other", async () => {
    const { queue, store } = await usedPair();
    await store.put(INSTALLATION_KEY, chunksOf("{"));
    expect(await processOn(queue.installation, store).check()).toMatchObject(gone);
  });
});
