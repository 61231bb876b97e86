import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listenForStop } from "../src/shutdown.js";
import { recordingLog } from "./test-attempt.js";

let exits: number[];
let deadlines: number[];
let finish: () => void;
let fail: (error: Error) => void;
let drain: () => void;
beforeEach(() => {
  exits = [];
  deadlines = [];
  drain = listenForStop({
    log: recordingLog(),
    drainTimeoutMs: 30_000,
    stop: (deadlineMs) => {
      deadlines.push(deadlineMs);
      return new Promise((resolve, reject) => {
        finish = resolve;
        fail = reject;
      });
    },
    exit: (code) => exits.push(code),
  });
});
afterEach(() => {
  process.removeAllListeners("SIGTERM");
  process.removeAllListeners("SIGINT");
});

test("a signal stops in order and exits with 0", async () => {
  process.emit("SIGTERM");
  expect(deadlines).toEqual([30_000]);
  expect(exits).toEqual([]);
  finish();
  await waitFor(() => exits.length > 0, { what: "it exited" });
  expect(exits).toEqual([0]);
});

test("the same signal again exits at once", () => {
  process.emit("SIGTERM");
  process.emit("SIGTERM");
  expect([deadlines, exits]).toEqual([[30_000], [1]]);
});

test("a terminal's Ctrl-C and the signal that a parent passes on are one wish", () => {
  process.emit("SIGINT");
  process.emit("SIGTERM");
  expect([deadlines, exits]).toEqual([[30_000], []]);
});

test("a stop that fails exits with 1", async () => {
  process.emit("SIGTERM");
  fail(new Error("Redis is gone"));
  await waitFor(() => exits.length > 0, { what: "it exited" });
  expect(exits).toEqual([1]);
});

test("an operator's wish stops as a signal does; a signal that follows is the same wish, the next one ends at once", () => {
  drain();
  drain();
  process.emit("SIGTERM");
  expect([deadlines, exits]).toEqual([[30_000], []]);
  process.emit("SIGTERM");
  expect(exits).toEqual([1]);
});
