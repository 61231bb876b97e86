import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canMove, isTerminal, JOB_STATUSES, type JobStatus, parseJobId } from "../src/index.js";

/** The arrows of the diagram. */
const ARROWS: readonly (readonly [JobStatus, JobStatus])[] = [
  ["queued", "running"],
  ["queued", "cancelled"],
  ["queued", "failed"],
  ["running", "completed"],
  ["running", "failed"],
  ["running", "cancelled"],
  ["running", "queued"],
  ["failed", "queued"],
  ["cancelled", "queued"],
];

describe("the statuses of a job", () => {
  it.each(JOB_STATUSES.flatMap((from) => JOB_STATUSES.map((to) => [from, to] as const)))(
    "has an arrow from %s to %s exactly where the diagram has one",
    (from, to) => {
      expect(canMove(from, to)).toBe(ARROWS.some(([a, b]) => a === from && b === to));
    },
  );

  it("are terminal when no attempt follows by itself", () => {
    expect(JOB_STATUSES.filter(isTerminal)).toEqual(["completed", "failed", "cancelled"]);
  });

  it("leave a terminal status only for the queue, and a completed one never", () => {
    for (const from of JOB_STATUSES.filter(isTerminal)) {
      const next = JOB_STATUSES.filter((to) => canMove(from, to));
      expect(next).toEqual(from === "completed" ? [] : ["queued"]);
    }
  });
});

describe("a job id", () => {
  it("is any UUID shape, whatever its case, version and variant, read in lower case", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/), (text) => {
        expect(parseJobId(text)).toBe(text.toLowerCase());
      }),
    );
    for (const text of ["12345678-1234-1234-1234-123456789abc", "00000000-0000-0000-0000-000000000000"]) {
      expect(parseJobId(text)).toBe(text);
    }
  });

  it.each([
    "",
    "not-a-uuid",
    "12345678-1234-1234-1234-123456789ab",
    "12345678-1234-1234-1234-123456789abcd",
    "12345678123412341234123456789abc",
    "{12345678-1234-1234-1234-123456789abc}",
    "g2345678-1234-1234-1234-123456789abc",
    " 12345678-1234-1234-1234-123456789abc",
    "12345678-1234-1234-1234-123456789abc\n",
    "12345678-1234-1234-1234-12345678９abc",
    "../../../../etc/passwd",
  ])("is nothing else, as %j", (text) => {
    expect(() => parseJobId(text)).toThrow(expect.objectContaining({ code: "invalid_job_id" }));
  });

  it("is refused without repeating more than 80 characters of it", () => {
    const text = "x".repeat(10_000);
    expect(() => parseJobId(text)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{1,200}$/) }),
    );
  });
});
