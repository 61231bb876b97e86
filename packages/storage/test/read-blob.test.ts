import { readFile } from "node:fs/promises";
import { chunksOf, readAll, seededBytes } from "@drover/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keysOf, putText, storeBench } from "./store-bench.js";

describe("reading blobs", () => {
  it("knows nothing of a key that has no blob", async () => {
    const { store, folder } = await storeBench();
    await putText(store, "jobs/1/file", "x");
    for (const key of ["jobs", "jobs/1", "jobs/1/file/deeper", "other"]) {
      expect(await store.open(key)).toBeUndefined();
      expect(await store.stat(key)).toBeUndefined();
      expect(await store.localPath(key, folder)).toBeUndefined();
    }
  });

  it("reads any range, both ends included", async () => {
    const { store } = await storeBench();
    const bytes = seededBytes(200_000);
    await store.put("k", chunksOf(bytes));
    const end = fc.nat({ max: bytes.byteLength - 1 });
    await fc.assert(
      fc.asyncProperty(end, end, async (a, b) => {
        const range = { start: Math.min(a, b), end: Math.max(a, b) };
        const part = await readAll((await store.open("k", range)) ?? chunksOf(""));
        expect(part.equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it("reads what there is of a range that goes past the end", async () => {
    const { store } = await storeBench();
    await putText(store, "k", "0123456789");
    const read = async (start: number, end: number) =>
      (await readAll((await store.open("k", { start, end })) ?? chunksOf("none"))).toString();
    expect(await read(7, 99)).toBe("789");
    expect(await read(10, 99)).toBe("");
    expect(await read(0, 0)).toBe("0");
  });

  it.each([
    { start: -1, end: 3 },
    { start: 4, end: 3 },
    { start: 0.5, end: 3 },
    { start: 0, end: Number.NaN },
  ])("refuses the range $start to $end", async (range) => {
    const { store } = await storeBench();
    await putText(store, "k", "0123456789");
    await expect(store.open("k", range)).rejects.toThrow(RangeError);
  });

  it("lets a reader stop early", async () => {
    const { store } = await storeBench();
    await store.put("k", chunksOf(seededBytes(3_000_000)));
    for (let i = 0; i < 5; i++) {
      for await (const chunk of (await store.open("k")) ?? []) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        break;
      }
    }
  });

  it("gives a local path with the same bytes", async () => {
    const { store, folder } = await storeBench();
    await putText(store, "inputs/1/file", "local bytes");
    const path = await store.localPath("inputs/1/file", folder);
    expect(await readFile(path ?? "", "utf8")).toBe("local bytes");
  });

  it("lists the keys that start with a prefix, with size and time", async () => {
    const { store } = await storeBench();
    const keys = ["inputs/1/file", "inputs/1/manifest.json", "inputs/12/file", "jobs/1/2-a/x.csv", "top"];
    for (const key of keys) await putText(store, key, key);
    expect(await keysOf(store)).toEqual(keys);
    expect(await keysOf(store, "inputs/")).toEqual(keys.slice(0, 3));
    expect(await keysOf(store, "inputs/1")).toEqual(keys.slice(0, 3));
    expect(await keysOf(store, "inputs/1/")).toEqual(keys.slice(0, 2));
    expect(await keysOf(store, "inputs/1/f")).toEqual(["inputs/1/file"]);
    expect(await keysOf(store, "in")).toEqual(keys.slice(0, 3));
    expect(await keysOf(store, "nothing/")).toEqual([]);
    for await (const { key, sizeBytes, modifiedAt } of store.list("jobs/")) {
      expect(sizeBytes).toBe(key.length);
      expect(modifiedAt).toBe((await store.stat(key))?.modifiedAt);
    }
  });

  it("lists nothing of a store that was never used", async () => {
    const { store } = await storeBench();
    expect(await keysOf(store, "inputs/")).toEqual([]);
  });
});
