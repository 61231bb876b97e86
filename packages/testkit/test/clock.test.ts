import { describe, expect, it } from "vitest";
import { fakeClock } from "../src/index.js";

describe("a fake clock", () => {
  it("stands still until it is moved, both times alike", async () => {
    const clock = fakeClock(1_000);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_000, 0]);
    await clock.advance(250);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_250, 250]);
  });

  it("wakes sleepers in the order of their times, each at its own", async () => {
    const clock = fakeClock(0);
    const woken: string[] = [];
    const sleep = (name: string, ms: number) =>
      clock.sleep(ms).then(() => woken.push(`${name}@${clock.now()}`));
    void sleep("late", 300);
    void sleep("early", 100);
    void sleep("never", 1_000);
    await clock.advance(500);
    expect(woken).toEqual(["early@100", "late@300"]);
    expect(clock.sleepers).toBe(1);
  });

  it("runs a loop that sleeps as often as it would have run", async () => {
    const clock = fakeClock(0);
    const ticks: number[] = [];
    void (async () => {
      while (true) {
        await clock.sleep(100);
        ticks.push(clock.now());
      }
    })();
    await clock.advance(350);
    expect(ticks).toEqual([100, 200, 300]);
  });

  it("ends a sleep with the reason of its signal", async () => {
    const clock = fakeClock();
    const stop = new AbortController();
    const sleeping = clock.sleep(100, stop.signal);
    stop.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    expect(clock.sleepers).toBe(0);
    await expect(clock.sleep(1, stop.signal)).rejects.toThrow("enough");
  });
});
