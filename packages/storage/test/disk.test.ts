import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { chunksOf, readAll, seededBytes, sha256Hex, signal } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDiskStore } from "../src/index.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drover-disk-"));
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

async function expectNothingLeft(): Promise<void> {
  expect(await temporaryFiles()).toEqual([]);
  expect(await openDescriptors()).toEqual([]);
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

  it("makes its folder when it is first written to", async () => {
    const deep = join(folder, "not/yet/there");
    await createDiskStore({ folder: deep }).put("k", chunksOf("x"));
    expect((await stat(join(deep, "k"))).size).toBe(1);
  });

  it("works in a folder that is reached by a symbolic link", async () => {
    await mkdir(join(folder, "real"));
    await symlink(join(folder, "real"), join(folder, "linked"));
    const store = createDiskStore({ folder: join(folder, "linked") });
    await store.put("a/b", chunksOf("x"));
    await store.check();
    await store.remove("a");
    expect(await readdir(join(folder, "real"))).toEqual([".tmp"]);
  });

  it("removes the folders that a removal leaves empty, and keeps its own", async () => {
    const store = createDiskStore({ folder });
    await store.put("jobs/1/1-a/x", chunksOf("x"));
    await store.put("jobs/1/2-b/x", chunksOf("x"));
    await store.remove("jobs/1/1-a");
    expect(await readdir(join(folder, "jobs/1"))).toEqual(["2-b"]);
    await store.remove("jobs/1");
    expect((await readdir(folder)).sort()).toEqual([".tmp"]);
  });

  it("removes temporary files older than 24 h before its first write, and no younger one", async () => {
    await mkdir(join(folder, ".tmp"));
    for (const [name, ageHours] of [
      ["abandoned", 25],
      ["under-way", 23],
    ] as const) {
      await writeFile(join(folder, ".tmp", name), "x");
      const then = Date.now() / 1_000 - ageHours * 3_600;
      await utimes(join(folder, ".tmp", name), then, then);
    }
    await createDiskStore({ folder }).put("k", chunksOf("x"));
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

describe.runIf(canMount())("the disk store on a full device", () => {
  it("answers storage_full, leaves no file and no descriptor, and goes on reading", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
    try {
      const store = createDiskStore({ folder });
      await store.put("small", chunksOf("still here"));
      await expect(store.put("big", chunksOf(seededBytes(4_000_000)))).rejects.toMatchObject({
        code: "storage_full",
        cause: { code: "ENOSPC" },
      });
      await expectNothingLeft();
      const elsewhere = join(tmpdir(), `drover-big-${process.pid}`);
      await writeFile(elsewhere, seededBytes(4_000_000));
      await expect(store.adopt("big", elsewhere)).rejects.toMatchObject({ code: "storage_full" });
      expect((await stat(elsewhere)).size).toBe(4_000_000);
      await rm(elsewhere);
      await expectNothingLeft();
      expect((await readAll((await store.open("small")) ?? chunksOf(""))).toString()).toBe("still here");
    } finally {
      execFileSync("umount", ["--lazy", folder]); // a leaked descriptor fails the test and must not keep the mount
    }
  });
});

/** Whether this process may mount a small file system: root outside a container, mostly. */
function canMount(): boolean {
  const trial = join(tmpdir(), `drover-mount-${process.pid}`);
  try {
    execFileSync("mkdir", ["-p", trial]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", trial], { stdio: "ignore" });
    execFileSync("umount", [trial]);
    return true;
  } catch {
    return false;
  } finally {
    execFileSync("rmdir", [trial]);
  }
}
