import { setImmediate as immediate } from "node:timers/promises";
import { chunksOf, readAll, seededBytes } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { keysOf, putText, storeBench, textOf } from "./store-bench.js";

describe("removing blobs", () => {
  it("removes every blob at or below a prefix and no other", async () => {
    const { store } = await storeBench();
    const keys = ["jobs/1/1-a/x", "jobs/1/2-b/y", "jobs/10/1-a/x", "jobs/2", "jobs2/1"];
    for (const key of keys) await putText(store, key, key);
    await store.remove("jobs/1");
    expect(await keysOf(store)).toEqual(["jobs/10/1-a/x", "jobs/2", "jobs2/1"]);
    await store.remove("jobs/2");
    await store.remove("jobs/10/");
    expect(await keysOf(store)).toEqual(["jobs2/1"]);
  });

  it("is silent when there is nothing to remove", async () => {
    const { store } = await storeBench();
    await store.remove("jobs/1");
    await putText(store, "jobs/2/file", "x");
    await store.remove("jobs/1");
    await store.remove("jobs/2/file/deeper");
    expect(await keysOf(store)).toEqual(["jobs/2/file"]);
  });

  it("lets an open reader finish a blob that is removed meanwhile", async () => {
    const { store } = await storeBench();
    const bytes = seededBytes(4_000_000);
    await store.put("jobs/1/file", chunksOf(bytes));
    const reader = await store.open("jobs/1/file");
    await store.remove("jobs/1");
    expect(await store.stat("jobs/1/file")).toBeUndefined();
    expect((await readAll(reader ?? chunksOf(""))).equals(bytes)).toBe(true);
  });

  it("survives removals beside writes into the same folders", async () => {
    const { store } = await storeBench();
    const rounds = Array.from({ length: 25 }, (_, i) => i);
    await Promise.all(
      rounds.flatMap((i) => [
        store.put(`shared/deep/${i}`, chunksOf(String(i))).then(() => store.remove(`shared/deep/${i}`)),
        store.put(`shared/deep/kept-${i}`, chunksOf(String(i))),
      ]),
    );
    expect(await keysOf(store)).toEqual(rounds.map((i) => `shared/deep/kept-${i}`).sort());
    expect(await textOf(store, "shared/deep/kept-7")).toBe("7");
  });

  it.each(["race/deep/blob", "race/deep/deeper/blob"])(
    "stores the blob %s in a folder that removals keep taking away",
    async (key) => {
      const { store } = await storeBench();
      let isOver = false;
      const removers = [1, 2, 3].map(async (i) => {
        while (!isOver) {
          await store.remove(`race/deep/nothing-${i}`);
          await immediate();
        }
      });
      for (let round = 0; round < 20; round++) {
        await putText(store, key, String(round));
        expect(await textOf(store, key)).toBe(String(round));
        await store.remove(key);
      }
      isOver = true;
      await Promise.all(removers);
      expect(await keysOf(store)).toEqual([]);
    },
  );

  it("survives two removals of the same folder at once", async () => {
    const { store } = await storeBench();
    for (let i = 0; i < 20; i++) await putText(store, `jobs/1/${i}/file`, "x");
    await Promise.all([store.remove("jobs/1"), store.remove("jobs/1"), store.remove("jobs/1/3")]);
    expect(await keysOf(store)).toEqual([]);
  });
});
