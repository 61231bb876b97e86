import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BlobStore } from "@drover/core";
import { INSTALLATION_KEY } from "@drover/job-files";
import {
  canMount,
  chunksOf,
  mountFolder,
  mountMemory,
  readAll,
  seededBytes,
  signal,
  storeIn,
  waitFor,
} from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDiskStore } from "../src/index.js";
import { keysOf, textOf } from "./store-bench.js";

const run = promisify(execFile);

let base: string;
/** Where the store is; the test's own. */
let folder: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "drover-trouble-"));
  folder = join(base, "store");
});

afterEach(async () => {
  await rm(base, { recursive: true });
});

const away = { code: "storage_unavailable" };

/** Every way to use the store; each must say that it is not there. */
async function expectAway(store: BlobStore): Promise<void> {
  const file = join(base, "made-by-a-processor");
  await writeFile(file, "x");
  await expect(store.put("inputs/1/file", chunksOf("x"))).rejects.toMatchObject(away);
  await expect(store.put("k", chunksOf("x"))).rejects.toMatchObject(away);
  await expect(store.adopt("jobs/1/1-a/x", file)).rejects.toMatchObject(away);
  await expect(store.open("inputs/1/file")).rejects.toMatchObject(away);
  await expect(store.stat("inputs/1/file")).rejects.toMatchObject(away);
  await expect(store.localPath("inputs/1/file", base)).rejects.toMatchObject(away);
  await expect(keysOf(store, "inputs/")).rejects.toMatchObject(away);
  await expect(store.remove("inputs/1")).rejects.toMatchObject(away);
  await expect(store.check()).rejects.toMatchObject(away);
  expect((await stat(file)).size, "the file was not taken").toBe(1);
}

describe("a disk store without its installation file", () => {
  it("that never was made is refused in every use, makes no folder, and is made by a put of that file", async () => {
    await expectAway(createDiskStore({ folder }));
    expect(await readdir(base)).toEqual(["made-by-a-processor"]);
    expect(await createDiskStore({ folder }).open(INSTALLATION_KEY)).toBeUndefined();
    const store = await storeIn(folder);
    await store.put("inputs/1/file", chunksOf("x"));
    expect(await textOf(store, "inputs/1/file")).toBe("x");
  });

  it("is refused although folders of that name are there", async () => {
    for (const name of [".tmp", "inputs", "jobs"]) await mkdir(join(folder, name), { recursive: true });
    await expectAway(createDiskStore({ folder }));
    expect(await readdir(folder, { recursive: true })).toEqual([".tmp", "inputs", "jobs"]);
  });
});

describe.runIf(canMount())("a disk store whose disk is unmounted", () => {
  it("F26: says so, leaves the mount point empty, also in the middle of a write, and goes on when the disk is back", async () => {
    const disk = join(base, "disk");
    for (const path of [disk, folder]) await mkdir(path);
    let mount = mountFolder(disk, folder);
    try {
      const store = await storeIn(folder);
      await store.put("inputs/1/file", chunksOf("x"));
      const [reached, goOn] = [signal(), signal()];
      const slow = (async function* () {
        yield Buffer.from("first ");
        reached.resolve();
        await goOn.promise;
        yield Buffer.from("second");
      })();
      const writing = store.put("inputs/2/file", slow);
      await reached.promise;
      mount.unmount();
      goOn.resolve();
      await expect(writing).rejects.toMatchObject(away);
      await expectAway(store);
      expect(await readdir(folder)).toEqual([]);
      mount = mountFolder(disk, folder);
      expect(await textOf(store, "inputs/1/file")).toBe("x");
      await store.put("inputs/2/file", chunksOf("again"));
      expect(await textOf(store, "inputs/2/file")).toBe("again");
    } finally {
      mount.unmount();
    }
  });
});

describe.runIf(canMount())(
  "a disk store whose disk is unmounted and mounted again, twenty times under load",
  () => {
    it("F26: refuses every use that it hits with storage_unavailable, whichever system call was under way", async () => {
      const disk = join(base, "disk");
      for (const path of [disk, folder]) await mkdir(path);
      await run("mount", ["--bind", disk, folder]);
      let refusals = 0;
      let isOver = false;
      const store = await storeIn(folder);
      const uses = [0, 0, 0, 0];
      const use = async (_: number, name: number) => {
        for (let round = 0; !isOver; round++) {
          const key = `inputs/${name}-${round % 5}/file`;
          try {
            await store.put(key, chunksOf("x"));
            await readAll((await store.open(key)) ?? chunksOf(""));
            await store.remove(`inputs/${name}-${round % 5}`);
          } catch (error) {
            expect(error).toMatchObject(away);
            refusals += 1;
          }
          uses[name] = round + 1;
        }
      };
      const load = Promise.all(uses.map(use));
      load.catch(() => undefined); // told below, when the disk was mounted for the last time
      try {
        for (let round = 0; round < 20; round++) {
          await run("umount", ["--lazy", folder]);
          await waitFor(async () => (await readdir(folder)).length === 0, { deadlineMs: 5_000 });
          await run("mount", ["--bind", disk, folder]);
          const before = [...uses];
          // No use is under way any more that began while the disk was away: none spans two changes.
          await waitFor(() => uses.every((count, i) => count > (before[i] ?? 0) + 1));
        }
        isOver = true;
        await load;
        expect(refusals).toBeGreaterThan(0);
      } finally {
        isOver = true;
        await load.catch(() => undefined);
        await run("umount", ["--lazy", folder]).catch(() => undefined); // it may be unmounted
      }
    });
  },
);

describe.runIf(canMount())("a disk store on a full device", () => {
  const full = { code: "storage_full", cause: { code: "ENOSPC" } };

  it("F12: answers storage_full, leaves no file and no folder, and goes on reading", async () => {
    await mkdir(folder);
    const mount = mountMemory(folder, "size=2m");
    try {
      const store = await storeIn(folder);
      await store.put("inputs/1/file", chunksOf("still here"));
      const before = await readdir(folder, { recursive: true });
      await expect(store.put("inputs/2/file", chunksOf(seededBytes(4_000_000)))).rejects.toMatchObject(full);
      const elsewhere = join(base, "big");
      await writeFile(elsewhere, seededBytes(4_000_000));
      await expect(store.adopt("jobs/1/1-a/big", elsewhere)).rejects.toMatchObject({ code: "storage_full" });
      expect((await stat(elsewhere)).size).toBe(4_000_000);
      expect(withoutTop(await readdir(folder, { recursive: true }))).toEqual(withoutTop(before));
      expect(await textOf(store, "inputs/1/file")).toBe("still here");
    } finally {
      mount.unmount();
    }
  });

  it.each([0, 1, 2, 3])(
    "F12: answers storage_full when only %i more files or folders can be made, and leaves none of them",
    async (room) => {
      await mkdir(folder);
      // The root, .tmp, .drover and the file in it, inputs, inputs/1 and its file: 7 inodes. The put needs
      // four more.
      const mount = mountMemory(folder, `size=2m,nr_inodes=${7 + room}`);
      try {
        const store = await storeIn(folder);
        await store.put("inputs/1/file", chunksOf("still here"));
        const before = (await readdir(folder, { recursive: true })).sort();
        await expect(store.put("jobs/2/deep/file", chunksOf("x"))).rejects.toMatchObject(full);
        expect(withoutTop(await readdir(folder, { recursive: true }))).toEqual(withoutTop(before));
      } finally {
        mount.unmount();
      }
    },
  );
});

/** Folders at the top stay once they were made. */
function withoutTop(paths: readonly string[]): string[] {
  return paths.filter((path) => path.includes("/")).sort();
}
