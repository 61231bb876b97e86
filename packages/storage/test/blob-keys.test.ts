import { chunksOf } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { expectEmpty, keysOf, localFile, putText, storeBench } from "./store-bench.js";

const BAD_KEYS = [
  ...[
    "",
    "/",
    "/etc/passwd",
    "..",
    "../up",
    "a/../../up",
    "a/./b",
    "a//b",
    "a\\b",
    "a b",
    "a\0b",
    "å",
    "a\n",
    ".tmp/x",
  ].map((key) => ({ title: JSON.stringify(key), key })),
  { title: "with a segment of 256 characters", key: `a/${"x".repeat(256)}` },
  { title: "of 1,201 characters", key: `${"a/".repeat(600)}b` },
];

describe("the keys of blobs", () => {
  it.each(BAD_KEYS)("refuses the key $title in every method", async ({ key }) => {
    const bench = await storeBench();
    const { store, folder } = bench;
    const path = await localFile(bench, "x");
    await expect(store.put(key, chunksOf("x"))).rejects.toThrow(TypeError);
    await expect(store.adopt(key, path)).rejects.toThrow(TypeError);
    await expect(store.open(key)).rejects.toThrow(TypeError);
    await expect(store.stat(key)).rejects.toThrow(TypeError);
    await expect(store.localPath(key, folder)).rejects.toThrow(TypeError);
    await expect(store.remove(key)).rejects.toThrow(TypeError);
    if (key !== "") await expect(keysOf(store, key)).rejects.toThrow(TypeError);
    await expectEmpty(store);
  });

  it("takes dots, dashes and underscores inside a segment", async () => {
    const { store } = await storeBench();
    const keys = ["...", ".hidden/x", "a-b_c.d/..e", "x..y"].sort();
    for (const key of keys) await putText(store, key, key);
    expect(await keysOf(store)).toEqual(keys);
  });
});
