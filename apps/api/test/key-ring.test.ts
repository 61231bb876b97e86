import { type ApiKeys, DomainError, type StoredKeys } from "@drover/core";
import { silentLog, waitFor } from "@drover/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { KeyRing } from "../src/access/key-ring.js";

const NONE: StoredKeys = { keys: [], isAny: false, tokenSecret: undefined };

/** A ring on a store that counts its readings, and can be away. */
function ringOn(options: { readonly everyMs?: number; readonly trustMs?: number } = {}) {
  const store = { readings: 0, isAway: false };
  const apiKeys: Pick<ApiKeys, "read" | "keepTokenSecret"> = {
    async read() {
      store.readings += 1;
      if (store.isAway) throw new DomainError("redis_unavailable", "Redis is away.");
      return NONE;
    },
    keepTokenSecret: async (candidate) => candidate,
  };
  const ring = new KeyRing({ apiKeys, log: silentLog, everyMs: 60_000, ...options });
  onTestFinished(() => ring.stop());
  return { ring, store };
}

describe("what an api knows of the keys", () => {
  it("is there without a question, once it was read", async () => {
    const { ring, store } = ringOn();
    await ring.start();
    for (let i = 0; i < 100; i++) expect(ring.judge(({ isAny }) => isAny)).toBe(false);
    expect(store.readings).toBe(1);
  });

  it("is read again and again", async () => {
    const { ring, store } = ringOn({ everyMs: 20 });
    await ring.start();
    await waitFor(() => store.readings >= 3);
  });

  it("costs at most five readings a second, however many unknown keys come", async () => {
    const { ring, store } = ringOn();
    await ring.start();
    const begin = performance.now();
    let asked = 0;
    while (performance.now() - begin < 1_000) {
      await Promise.all(Array.from({ length: 50 }, () => ring.find(() => undefined)));
      asked += 50;
    }
    const readings = store.readings - 1;
    expect(asked).toBeGreaterThan(100);
    expect(readings).toBeGreaterThanOrEqual(4);
    expect(readings).toBeLessThanOrEqual((performance.now() - begin) / 200 + 1);
  });

  it("is not trusted when Redis was away for too long, and is again as soon as it is back", async () => {
    const { ring, store } = ringOn({ trustMs: 300 });
    await ring.start();
    store.isAway = true;
    expect(ring.judge(() => "known")).toBe("known");
    const refused = await waitFor(async () => {
      try {
        await ring.judge(() => "known");
      } catch (error) {
        return error;
      }
    });
    expect(refused).toMatchObject({ code: "redis_unavailable" });
    store.isAway = false;
    expect(await ring.judge(() => "known")).toBe("known");
  });

  it("starts without Redis", async () => {
    const { ring, store } = ringOn();
    store.isAway = true;
    await ring.start();
    expect([ring.isRead, ring.hadKeys]).toEqual([false, false]);
  });
});
