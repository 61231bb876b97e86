import { access, chmod, chown, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectEmpty, keysOf, localFile, putText, storeBench, textOf } from "./store-bench.js";

describe("adopting a local file", () => {
  it("takes over a local file, which is gone from its path", async () => {
    const bench = await storeBench();
    const path = await localFile(bench, "made by a processor");
    await bench.store.adopt("jobs/1/1-x/out.csv", path);
    expect(await textOf(bench.store, "jobs/1/1-x/out.csv")).toBe("made by a processor");
    await expect(access(path)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await keysOf(bench.store)).toEqual(["jobs/1/1-x/out.csv"]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    "makes another user's file root's, which then nobody else may change",
    async () => {
      const bench = await storeBench();
      const path = await localFile(bench, "made by a processor");
      await chown(path, 64_001, 64_001);
      await chmod(path, 0o6777);
      await bench.store.adopt("k", path);
      const { uid, gid, mode } = await stat((await bench.store.localPath("k", bench.folder)) ?? "");
      expect([uid, gid, mode & 0o7777]).toEqual([0, process.getegid?.(), 0o644]);
    },
  );

  it("replaces a blob by a local file", async () => {
    const bench = await storeBench();
    await putText(bench.store, "k", "old and longer");
    await bench.store.adopt("k", await localFile(bench, "new"));
    expect(await textOf(bench.store, "k")).toBe("new");
  });

  it("refuses a file that is not there", async () => {
    const { store, folder } = await storeBench();
    await expect(store.adopt("k", join(folder, "absent"))).rejects.toMatchObject({ code: "ENOENT" });
    await expectEmpty(store);
  });

  it("refuses a symbolic link and a folder, and touches neither", async () => {
    const { store, folder } = await storeBench();
    const secret = join(folder, "secret");
    await writeFile(secret, "not yours");
    const link = join(folder, "link");
    await symlink(secret, link);
    await mkdir(join(folder, "sub"));
    for (const path of [link, join(folder, "sub")]) {
      await expect(store.adopt("k", path)).rejects.toThrow(TypeError);
      await access(path);
    }
    expect(await readFile(secret, "utf8")).toBe("not yours");
    await expectEmpty(store);
  });
});
