import { Readable } from "node:stream";
import { chunksOf, signal } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { expectEmpty, putText, storeBench, textOf } from "./store-bench.js";

/** A source that gives one chunk and then nothing, for ever; it knows whether it was let go. */
function stuckSource() {
  const waiting = signal();
  const released = signal();
  let given = 0;
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        if (given++ === 0) return { done: false, value: Buffer.from("x") };
        waiting.resolve();
        return new Promise(() => undefined);
      },
      return: async () => {
        released.resolve();
        return { done: true, value: undefined };
      },
    }),
  };
  return { source, waiting: waiting.promise, released: released.promise };
}

describe("a put that does not come to its end", () => {
  it("takes a blob of exactly the allowed size and refuses one byte more as file_too_large", async () => {
    const { store } = await storeBench();
    await store.put("fits", chunksOf("12345"), { maxBytes: 5 });
    expect(await textOf(store, "fits")).toBe("12345");
    await expect(store.put("long", chunksOf("123456"), { maxBytes: 5 })).rejects.toMatchObject({
      code: "file_too_large",
    });
    expect(await store.stat("long")).toBeUndefined();
  });

  it("stops reading a source that is too large", async () => {
    const { store } = await storeBench();
    const endless = Readable.from(
      (function* () {
        while (true) yield Buffer.alloc(1_000);
      })(),
    );
    await expect(store.put("k", endless, { maxBytes: 50_000 })).rejects.toMatchObject({
      code: "file_too_large",
    });
    expect(endless.destroyed).toBe(true);
    await expectEmpty(store);
  });

  it("passes on what the source throws, and keeps the blob that was there", async () => {
    const { store } = await storeBench();
    await putText(store, "k", "old");
    const broken = (async function* () {
      yield Buffer.from("half");
      throw new Error("the line went dead");
    })();
    await expect(store.put("k", broken)).rejects.toThrow("the line went dead");
    expect(await textOf(store, "k")).toBe("old");
  });

  it("rejects with the signal's reason when it aborts while the source gives nothing, and lets the source go", async () => {
    const { store } = await storeBench();
    const stop = new AbortController();
    const { source, waiting, released } = stuckSource();
    const writing = store.put("k", source, { signal: stop.signal });
    await waiting;
    stop.abort(new Error("the client left"));
    await expect(writing).rejects.toThrow("the client left");
    await released;
    await expectEmpty(store);
  });

  it("destroys a stream when the signal aborts", async () => {
    const { store } = await storeBench();
    const stop = new AbortController();
    const reading = signal();
    const stream = new Readable({ read: () => reading.resolve() });
    const writing = store.put("k", stream, { signal: stop.signal });
    await reading.promise;
    stop.abort(new Error("the client left"));
    await expect(writing).rejects.toThrow("the client left");
    expect(stream.destroyed).toBe(true);
    await expectEmpty(store);
  });

  it("stores nothing under a signal that aborted before, or during the last chunk", async () => {
    const { store } = await storeBench();
    const early = AbortSignal.abort(new Error("too late"));
    await expect(store.put("k", chunksOf("x"), { signal: early })).rejects.toThrow("too late");
    const stop = new AbortController();
    const last = (async function* () {
      yield Buffer.from("x");
      stop.abort(new Error("at the end"));
    })();
    await expect(store.put("k", last, { signal: stop.signal })).rejects.toThrow("at the end");
    await expectEmpty(store);
  });

  it("takes work after failures as before", async () => {
    const { store } = await storeBench();
    for (let i = 0; i < 5; i++) {
      await expect(store.put("k", chunksOf("xx"), { maxBytes: 1 })).rejects.toThrow();
    }
    await putText(store, "k", "fine");
    expect(await textOf(store, "k")).toBe("fine");
  });
});
