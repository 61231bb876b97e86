import { describe, expect, it } from "vitest";
import { percentOf, sizeText, textOf } from "../src/job-text.js";

type Job = Parameters<typeof textOf>[0];
const job = (members: object) =>
  ({ status: "running", progress: 40, error: null, waiting: null, ...members }) as Job;

describe("what the element says of a job", () => {
  it.each([
    ["Done.", { status: "completed" }],
    [
      "Row 12 has no time.",
      { status: "failed", error: { code: "input_invalid", message: "Row 12 has no time." } },
    ],
    ["The job failed.", { status: "failed" }],
    ["Cancelled.", { status: "cancelled" }],
    ["Waiting, number 3 in line", { status: "queued", waiting: { reason: "worker", position: 3 } }],
    ["Waiting", { status: "queued", waiting: { reason: "paused", position: null } }],
    [
      "Waiting for another attempt",
      { status: "queued", waiting: { reason: "retry_backoff", position: null } },
    ],
    ["Row 5 of 9", { stage: "read", message: "Row 5 of 9" }],
    ["read", { stage: "read" }],
    ["Working", { status: "a word of tomorrow" }],
  ])("%s", (text, members) => {
    expect(textOf(job(members))).toBe(text);
  });

  it("is how far the upload is, then how far the job is, and nothing while it waits", () => {
    expect(percentOf({ kind: "upload", sentBytes: 5, totalBytes: 20 })).toBe(25);
    expect(percentOf({ kind: "upload", sentBytes: 5, totalBytes: undefined })).toBeUndefined();
    expect(percentOf({ kind: "job", job: job({}) })).toBe(40);
    expect(percentOf({ kind: "job", job: job({ status: "queued" }) })).toBeUndefined();
  });

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [200 * 2 ** 20, "200 MiB"],
    [2 ** 60, "1048576 TiB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});
