import { getEventListeners } from "node:events";
import type { JobId } from "@drover/core";
import { testQueue } from "@drover/testkit";
import { expect, it } from "vitest";
import { waitForJob } from "../src/jobs/wait-for.js";

const ID = "12345678-1234-1234-1234-123456789abc" as JobId;

/**
 * What a signal keeps of those who follow it: its listeners, and the signals that `AbortSignal.any` made of
 * it.
 */
function followers(signal: AbortSignal): number {
  const key = Object.getOwnPropertySymbols(signal).find(
    ({ description }) => description === "kDependantSignals",
  );
  const dependants =
    key === undefined ? undefined : (Reflect.get(signal, key) as Set<unknown> | null | undefined);
  return getEventListeners(signal, "abort").length + (dependants ? [...dependants].length : 0);
}

it("a wait that is over leaves nothing behind on a signal that lives as long as the process", async () => {
  const queue = await testQueue();
  const { signal } = new AbortController();
  const options = { deadlineMs: 60_000, signals: [signal], until: () => true };
  for (let i = 0; i < 20; i++) await waitForJob(ID, options, { queue });
  expect(followers(signal)).toBe(0);
});

it("a wait ends at once when a signal aborts or has aborted, and at its deadline", async () => {
  const queue = await testQueue();
  const stop = new AbortController();
  const never = { deadlineMs: 60_000, signals: [stop.signal], until: () => false };
  const waits = Array.from({ length: 20 }, () => waitForJob(ID, never, { queue }));
  stop.abort();
  await Promise.all(waits);
  await waitForJob(ID, never, { queue });
  await waitForJob(ID, { ...never, deadlineMs: 5, signals: [] }, { queue });
});
