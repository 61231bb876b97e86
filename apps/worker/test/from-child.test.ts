import { expect, it } from "vitest";
import { parseFromChild } from "../src/children/from-child.js";

const ARTIFACT = {
  ...{ name: "a", path: "/a", mediaType: "text/plain", isPrimary: true, sizeBytes: 1 },
  ...{ sha256: "0".repeat(64), crc32: 1, changedAtMs: 1.5 },
};
const RETURNED = { type: "returned", result: { n: 1 }, artifacts: [ARTIFACT], wasStopped: false };

it("a message of a child is taken as it is", () => {
  const gzip = { sizeBytes: 1, sha256: "1".repeat(64) };
  const messages = [
    { type: "ready" },
    { ...RETURNED, isClean: true },
    { ...RETURNED, artifacts: [{ ...ARTIFACT, gzip }] },
    { type: "log", level: "info", message: "x" },
    { type: "threw", thrown: { kind: "try_later", message: "m", stack: "s", afterMs: 5 } },
    { type: "checked", leftover: null },
  ];
  for (const message of messages) expect(parseFromChild(message)).toEqual(message);
});

it("texts of any length are cut", () => {
  const message = "x".repeat(1_000_000);
  expect(parseFromChild({ type: "log", level: "info", message })).toMatchObject({
    message: "x".repeat(2_000),
  });
});

it.each([
  null,
  "returned",
  { type: "run" },
  { type: "__proto__" },
  { type: "log", level: "constructor", message: "x" },
  { type: "log", level: "info", message: { toString: 1 } },
  { type: "progress", percent: "99", stage: null, message: null },
  { type: "progress", percent: 101, stage: null, message: null },
  { type: "returned", wasStopped: false },
  { ...RETURNED, artifacts: [{ ...ARTIFACT, sha256: ["0"] }] },
  { ...RETURNED, artifacts: [{ ...ARTIFACT, sizeBytes: -1 }] },
  { type: "threw", thrown: { kind: "retry", message: "m", stack: "s" } },
  { type: "late", attempt: 1 },
])("what is no message is none: %j", (value) => {
  expect(parseFromChild(value)).toBeUndefined();
});
