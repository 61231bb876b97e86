import { createHook } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { OpenTimers } from "../src/children/attempt-scopes.js";

test("counts timers that may still fire, whoever made them and whether they keep anything alive", async () => {
  const timers = new OpenTimers();
  const hook = createHook({
    init: (_id, type, _trigger, resource) => void (type === "Timeout" && timers.add(resource)),
  }).enable();
  onTestFinished(() => void hook.disable());
  const interval = setInterval(() => {}, 60_000).unref();
  const cleared = setTimeout(() => {}, 60_000);
  const gaveUp = new AbortController();
  const sleeper = sleep(60_000, undefined, { ref: false, signal: gaveUp.signal }).catch(() => {});
  expect(timers.count()).toBe(3);
  clearTimeout(cleared);
  await sleep(1); // fires, and is over
  expect(timers.count()).toBe(2);
  gaveUp.abort();
  await sleeper;
  clearInterval(interval);
  expect(timers.count()).toBe(0);
});
