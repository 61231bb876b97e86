import { BlobExistsError } from "@drover/core";
import { chunksOf, readAll, seededBytes, sha256Hex, signal } from "@drover/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectEmpty, keysOf, putText, storeBench, textOf } from "./store-bench.js";

describe("putting a blob", () => {
  it("gives back the bytes it was given, whatever the chunks, and says their size and digest", async () => {
    const { store } = await storeBench();
    const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(chunks, async (parts) => {
        const info = await store.put(
          "a/file",
          (async function* () {
            yield* parts;
          })(),
        );
        const expected = Buffer.concat(parts);
        expect(info).toEqual({ sizeBytes: expected.byteLength, sha256: sha256Hex(expected) });
        expect(await readAll((await store.open("a/file")) ?? chunksOf("none"))).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  it("takes a blob that is synced with a later one, which is refused without it", async () => {
    const { store } = await storeBench();
    await store.put("a/file", chunksOf("bytes"), { isDurable: false });
    await store.put("a/manifest", chunksOf("says so"), { after: ["a/file"] });
    expect([await textOf(store, "a/file"), await textOf(store, "a/manifest")]).toEqual(["bytes", "says so"]);
    await expect(store.put("b/manifest", chunksOf("x"), { after: ["b/file"] })).rejects.toThrow();
    expect(await keysOf(store, "b")).toEqual([]);
  });

  it("keeps an empty blob", async () => {
    const { store } = await storeBench();
    expect(await store.put("empty", chunksOf(""))).toEqual({ sizeBytes: 0, sha256: sha256Hex("") });
    expect(await textOf(store, "empty")).toBe("");
    expect((await store.stat("empty"))?.sizeBytes).toBe(0);
  });

  it.each([7_919, 65_536, 3_000_000])(
    "keeps several megabytes that come in chunks of %i bytes",
    async (chunkBytes) => {
      const { store } = await storeBench();
      const bytes = seededBytes(5_000_003);
      const info = await store.put("big", chunksOf(bytes, chunkBytes));
      expect(info).toEqual({ sizeBytes: bytes.byteLength, sha256: sha256Hex(bytes) });
      const stream = await store.open("big");
      expect(sha256Hex(await readAll(stream ?? chunksOf("")))).toBe(info.sha256);
    },
  );

  it("keeps large blobs that are written at once, each with its own digest", async () => {
    const { store } = await storeBench();
    const blobs = [17_000_001, 20_000_000, 40_000_003].map((size) => seededBytes(size));
    const infos = await Promise.all(blobs.map((bytes, i) => store.put(`big/${i}`, chunksOf(bytes, 65_536))));
    expect(infos.map(({ sha256 }) => sha256)).toEqual(blobs.map(sha256Hex));
  });

  it("shows nothing of a blob before it is whole", async () => {
    const { store } = await storeBench();
    const reached = signal();
    const goOn = signal();
    const writing = store.put(
      "inputs/1/file",
      (async function* () {
        yield Buffer.from("first ");
        reached.resolve();
        await goOn.promise;
        yield Buffer.from("second");
      })(),
    );
    await reached.promise;
    expect(await store.stat("inputs/1/file")).toBeUndefined();
    expect(await store.open("inputs/1/file")).toBeUndefined();
    await expectEmpty(store);
    goOn.resolve();
    await writing;
    expect(await textOf(store, "inputs/1/file")).toBe("first second");
  });

  it("replaces a blob as a whole, under the eyes of a reader who keeps the old one", async () => {
    const { store } = await storeBench();
    const old = seededBytes(2_500_000, 7);
    await store.put("m", chunksOf(old));
    const reader = await store.open("m");
    await putText(store, "m", "new");
    expect(await textOf(store, "m")).toBe("new");
    expect((await readAll(reader ?? chunksOf(""))).equals(old)).toBe(true);
  });

  it("makes one whole blob of concurrent writes to one key", async () => {
    const { store } = await storeBench();
    const texts = Array.from({ length: 12 }, (_, i) => String(i).repeat(50_000));
    await Promise.all(texts.map((text) => store.put("k", chunksOf(text, 4_096))));
    expect(texts).toContain(await textOf(store, "k"));
    expect(await keysOf(store)).toEqual(["k"]);
  });

  it("keeps the blob that is there when a put asks for it, and makes one blob of several such puts at once", async () => {
    const { store } = await storeBench();
    const put = (text: string) => store.put("a/k", chunksOf(text), { ifAbsent: true });
    const answers = await Promise.allSettled(["1", "2", "3", "4"].map(put));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const first = await textOf(store, "a/k");
    await expect(put("late")).rejects.toBeInstanceOf(BlobExistsError);
    expect(await textOf(store, "a/k")).toBe(first);
    expect(await keysOf(store)).toEqual(["a/k"]);
  });

  it("says when a blob was stored", async () => {
    const { store } = await storeBench();
    const before = Date.now();
    await putText(store, "k", "x");
    const stat = await store.stat("k");
    // File systems round; a coarse clock may lie a few ms behind.
    expect(stat?.modifiedAt).toBeGreaterThan(before - 100);
    expect(stat?.modifiedAt).toBeLessThanOrEqual(Date.now() + 100);
  });

  it("finds itself able to take work, and leaves nothing of the trial", async () => {
    const { store } = await storeBench();
    await store.check();
    await expectEmpty(store);
  });
});
