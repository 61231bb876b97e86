import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAILURE_CODES, isRetryable, retryDelayMs } from "../src/index.js";

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
