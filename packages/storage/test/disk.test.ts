import { statSync } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { chunksOf, readAll, seededBytes, sha256Hex, signal, storeIn, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createDiskStore } from "../src/index.js";
import { keysOf } from "./store-bench.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drover-disk-"));
  await storeIn(folder);
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Descriptors of this process that point below the test's folder. */
async function openDescriptors(): Promise<string[]> {
  const targets = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return targets.filter((target) => target.startsWith(folder));
}

async function temporaryFiles(): Promise<string[]> {
  return readdir(join(folder, ".tmp")).catch(() => []);
}

/** A stream that was ended early closes its descriptor in a moment. */
async function expectNothingLeft(): Promise<void> {
  expect(await temporaryFiles()).toEqual([]);
  await waitFor(async () => (await openDescriptors()).length === 0, { deadlineMs: 5_000 });
}

const hasDescriptors = process.platform === "linux";

describe.runIf(hasDescriptors)("descriptors and temporary files of the disk store", () => {
  it("are gone after a write", async () => {
    await createDiskStore({ folder }).put("a/b", chunksOf("x"));
    await expectNothingLeft();
  });

  it("exist while a write is under way, so that these tests can see them", async () => {
    const reached = signal();
    const goOn = signal();
    const writing = createDiskStore({ folder }).put(
      "a/b",
      (async function* () {
        yield Buffer.from("x");
        reached.resolve();
        await goOn.promise;
      })(),
    );
    await reached.promise;
    expect(await temporaryFiles()).toHaveLength(1);
    expect(await openDescriptors()).toHaveLength(1);
    goOn.resolve();
    await writing;
  });

  it("are gone after a refused, a broken and an aborted write", async () => {
    const store = createDiskStore({ folder });
    await expect(store.put("k", chunksOf(seededBytes(3_000_000)), { maxBytes: 2_000_000 })).rejects.toThrow();
    await expectNothingLeft();
    const broken = (async function* () {
      yield seededBytes(1_500_000);
      throw new Error("broken");
    })();
    await expect(store.put("k", broken)).rejects.toThrow("broken");
    await expectNothingLeft();
    const large = (async function* () {
      yield* [1, 2, 3, 4].map(() => seededBytes(5_000_000)); // past what is hashed as it comes
      throw new Error("broken");
    })();
    await expect(store.put("k", large)).rejects.toThrow("broken");
    await expectNothingLeft();
    const stop = new AbortController();
    const reading = signal();
    const writing = store.put("k", new Readable({ read: () => reading.resolve() }), { signal: stop.signal });
    await reading.promise;
    stop.abort();
    await expect(writing).rejects.toThrow();
    await expectNothingLeft();
  });

  it("are gone when a reader finishes, stops early, or is destroyed unread", async () => {
    const store = createDiskStore({ folder });
    await store.put("k", chunksOf(seededBytes(3_000_000)));
    await readAll((await store.open("k")) ?? chunksOf(""));
    for await (const _chunk of (await store.open("k")) ?? []) break;
    const unread = await store.open("k", { start: 1, end: 5 });
    if (!(unread instanceof Readable)) throw new TypeError("The disk store answers a Node stream.");
    const closed = new Promise((resolve) => unread.once("close", resolve));
    unread.destroy();
    await closed;
    // A stream that was read or left may end before the system has closed its descriptor.
    await waitFor(async () => (await openDescriptors()).length === 0);
    await expectNothingLeft();
  });

  it("are gone after asking for what is no blob", async () => {
    const store = createDiskStore({ folder });
    await store.put("a/b", chunksOf("x"));
    expect(await store.open("a")).toBeUndefined();
    expect(await store.open("c")).toBeUndefined();
    await expectNothingLeft();
  });
});

describe("the disk store", () => {
  it("keeps a blob as a plain file at its key", async () => {
    await createDiskStore({ folder }).put("inputs/1/file", chunksOf("plain"));
    expect(await readFile(join(folder, "inputs/1/file"), "utf8")).toBe("plain");
  });

  it("shows a blob to another store on the same folder", async () => {
    await createDiskStore({ folder }).put("k", chunksOf("x"));
    expect(await createDiskStore({ folder }).stat("k")).toMatchObject({ sizeBytes: 1 });
  });

  it("works in a folder that is reached by a symbolic link", async () => {
    await mkdir(join(folder, "real"));
    await symlink(join(folder, "real"), join(folder, "linked"));
    const store = await storeIn(join(folder, "linked"));
    await store.put("a/b/c", chunksOf("x"));
    await store.check();
    await store.remove("a");
    expect((await readdir(join(folder, "real"))).sort()).toEqual([".drover", ".tmp", "a"]);
  });

  it("removes the folders that a removal leaves empty, and keeps its own and those at the top", async () => {
    const store = createDiskStore({ folder });
    await store.put("jobs/1/1-a/x", chunksOf("x"));
    await store.put("jobs/1/2-b/x", chunksOf("x"));
    await store.remove("jobs/1/1-a");
    expect(await readdir(join(folder, "jobs/1"))).toEqual(["2-b"]);
    await store.remove("jobs/1");
    expect(await readdir(join(folder, "jobs"))).toEqual([]);
    await store.remove("jobs");
    expect((await readdir(folder)).sort()).toEqual([".drover", ".tmp", "jobs"]);
  });

  it("removes temporary files that nobody wrote to for longer than its grace, and never younger ones than 2 minutes", async () => {
    const leave = async (name: string, ageMinutes: number) => {
      await writeFile(join(folder, ".tmp", name), "x");
      const then = Date.now() / 1_000 - ageMinutes * 60;
      await utimes(join(folder, ".tmp", name), then, then);
    };
    await leave("abandoned", 61);
    await leave("recent", 59);
    await leave("under-way", 1);
    await createDiskStore({ folder }).put("k", chunksOf("x"));
    expect(await temporaryFiles(), "this store was given no grace").toHaveLength(3);
    await keysOf(createDiskStore({ folder, leftoverGraceMs: 3_600_000 }));
    expect((await temporaryFiles()).sort()).toEqual(["recent", "under-way"]);
    await createDiskStore({ folder, leftoverGraceMs: 0 }).put("k", chunksOf("x"));
    expect(await temporaryFiles()).toEqual(["under-way"]);
  });

  it("removes no temporary file because this host's clock is ahead of the files'", async () => {
    await writeFile(join(folder, ".tmp", "under-way"), "x");
    const ahead = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 24 * 3_600_000);
    onTestFinished(() => ahead.mockRestore());
    await createDiskStore({ folder, leftoverGraceMs: 0 }).put("k", chunksOf("x"));
    expect(await temporaryFiles()).toEqual(["under-way"]);
  });

  it("does not follow a symbolic link in place of a blob", async () => {
    const store = createDiskStore({ folder });
    await store.put("k", chunksOf("x"));
    await symlink("/etc/hostname", join(folder, "link"));
    expect(await store.open("link")).toBeUndefined();
    expect(await store.stat("link")).toBeUndefined();
    expect(await store.localPath("link", folder)).toBeUndefined();
  });

  it("fails its check when its folder cannot be written to", async () => {
    await writeFile(join(folder, "file"), "in the way");
    await expect(createDiskStore({ folder: join(folder, "file") }).check()).rejects.toThrow();
  });
});

const otherDevice = "/dev/shm";

describe.runIf(isOtherDevice())("the disk store and another device", () => {
  it("adopts a file from it by copying", async () => {
    const elsewhere = await mkdtemp(join(otherDevice, "drover-disk-"));
    try {
      const bytes = seededBytes(1_500_000);
      await writeFile(join(elsewhere, "out.csv"), bytes);
      const store = createDiskStore({ folder });
      await store.adopt("jobs/1/1-a/out.csv", join(elsewhere, "out.csv"));
      expect(sha256Hex(await readAll((await store.open("jobs/1/1-a/out.csv")) ?? chunksOf("")))).toBe(
        sha256Hex(bytes),
      );
      expect(await readdir(elsewhere)).toEqual([]);
      await expectNothingLeft();
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });
});

function isOtherDevice(): boolean {
  try {
    return statSync(otherDevice).dev !== statSync(tmpdir()).dev;
  } catch {
    return false;
  }
}
