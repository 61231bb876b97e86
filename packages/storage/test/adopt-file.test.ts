import { access, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
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
