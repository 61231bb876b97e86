import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canMove,
  FAILURE_CODES,
  isRetryable,
  isTerminal,
  JOB_STATUSES,
  type JobStatus,
  parseJobId,
  retryDelayMs,
} from "../src/index.js";

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

const policies = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 20 }),
  baseDelayMs: fc.integer({ min: 0, max: 86_400_000 }),
  maxDelayMs: fc.integer({ min: 0, max: 86_400_000 }),
});
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
/** The largest number that a uniform draw from [0, 1) can give. */
const ALMOST_ONE = 1 - 2 ** -53;

describe("the delay before the next attempt", () => {
  it("is a whole number of ms within the exponential bound, and within the longest delay", () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 20 }), randoms, (policy, attempt, random) => {
        const delayMs = retryDelayMs(policy, attempt, () => random);
        if (attempt >= policy.maxAttempts) {
          expect(delayMs).toBeUndefined();
          return;
        }
        const bound = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(bound);
      }),
    );
  });

  it("reaches both ends of its range", () => {
    const policy = { maxAttempts: 10, baseDelayMs: 1_000, maxDelayMs: 6_000 };
    const longest = [1, 2, 3, 4, 5].map((attempt) => retryDelayMs(policy, attempt, () => ALMOST_ONE));
    expect(longest).toEqual([1_000, 2_000, 4_000, 6_000, 6_000]);
    expect(retryDelayMs(policy, 3, () => 0)).toBe(0);
  });

  it("never shrinks as attempts fail, for one and the same draw", () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 18 }), randoms, (policy, attempt, random) => {
        const delay = (n: number) => retryDelayMs({ ...policy, maxAttempts: 20 }, n, () => random) ?? 0;
        expect(delay(attempt + 1)).toBeGreaterThanOrEqual(delay(attempt));
      }),
    );
  });

  it("spreads evenly: a fifth of the draws falls into each fifth of the range", () => {
    const policy = { maxAttempts: 2, baseDelayMs: 999, maxDelayMs: 999 };
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 1_000; i++) {
      const delayMs = retryDelayMs(policy, 1, () => i / 1_000) ?? 0;
      const fifth = Math.floor(delayMs / 200);
      counts[fifth] = (counts[fifth] ?? 0) + 1;
    }
    expect(counts).toEqual([200, 200, 200, 200, 200]);
  });

  it("is none after the last attempt", () => {
    const policy = { maxAttempts: 3, baseDelayMs: 100, maxDelayMs: 1_000 };
    const made = [1, 2, 3, 4].map((attempt) => retryDelayMs(policy, attempt, () => 0.5));
    expect(made).toEqual([50, 100, undefined, undefined]);
  });
});

describe("a failure", () => {
  it("can be mended by another try unless the input or the waiting was at fault", () => {
    expect(FAILURE_CODES.filter((code) => !isRetryable(code))).toEqual([
      "input_invalid",
      "input_missing",
      "queue_timeout",
      "job_unreadable",
    ]);
  });
});
