import { DomainError } from "@drover/core";
import { expect, test } from "vitest";
import { type Slice, Walk } from "../src/upkeep/walk.js";
import { recordingLog } from "./test-attempt.js";

let nowMs = 0;
const slice = (turnMs: number): Slice => ({
  signal: new AbortController().signal,
  untilMs: nowMs + turnMs,
  monotonicMs: () => nowMs,
  mayGoOn: async () => {},
  log: recordingLog(),
});

/** A walk over three entries of which each takes so long, and how many it visited so far. */
function walkOf(entryMs: number, maxRestMs = 3_600_000) {
  const state = { visits: 0 };
  const walk = new Walk(async function* () {
    yield* [1, 2, 3];
  }, maxRestMs);
  const go = (turnMs: number) =>
    walk.go(slice(turnMs), async () => {
      state.visits += 1;
      nowMs += entryMs;
    });
  return { walk, go, state };
}

test("a walk that took long, over its slices, rests for nine times as long", async () => {
  const { go, state } = walkOf(4_000);
  expect(await go(7_000)).toBe(false);
  expect(state.visits).toBe(2);
  nowMs += 60_000; // between slices: does not count
  expect(await go(7_000)).toBe(true);
  nowMs += 9 * 12_000 - 1;
  expect(await go(7_000)).toBe(false);
  expect(state.visits).toBe(3);
  nowMs += 1;
  await go(7_000);
  expect(state.visits).toBe(5);
});

test("a walk rests no longer than it is told", async () => {
  const { go, state } = walkOf(4_000, 6_000);
  expect(await go(20_000)).toBe(true);
  nowMs += 6_000;
  expect(await go(20_000)).toBe(true);
  expect(state.visits).toBe(6);
});

test("a walk that was short goes at once again", async () => {
  const { go, state } = walkOf(1_000);
  expect(await go(7_000)).toBe(true);
  expect(await go(7_000)).toBe(true);
  expect(state.visits).toBe(6);
});

test("a walk that is to hurry does not rest, nor when it was under way", async () => {
  const { walk, go, state } = walkOf(4_000);
  await go(20_000);
  walk.hurry();
  await go(7_000);
  expect(state.visits).toBe(5);
  walk.hurry();
  expect(await go(7_000)).toBe(true);
  await go(7_000);
  expect(state.visits).toBe(8);
});

test("a walk that is closed rests no more: another process may have swept meanwhile", async () => {
  const { walk, go, state } = walkOf(4_000);
  await go(20_000);
  await walk.close();
  await go(20_000);
  expect(state.visits).toBe(6);
});

test("a walk that was broken off by an outage does not rest for it: to wait is no work", async () => {
  const { walk, go, state } = walkOf(100);
  const outage = walk.go(slice(20_000), async () => {
    nowMs += 12_000;
    throw new DomainError("redis_unavailable", "away");
  });
  await expect(outage).rejects.toThrow("away");
  expect(await go(20_000)).toBe(true);
  expect(await go(20_000)).toBe(true);
  expect(state.visits).toBe(6);
});
