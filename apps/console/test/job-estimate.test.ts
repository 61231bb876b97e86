import { describe, expect, it } from "vitest";
import { estimate } from "../src/jobs/job-estimate.js";

const NOW = 1_000_000;
const job = (startedMsAgo: number | undefined, progress = 0) => ({
  ...{ sizeBytes: 1_000, progress },
  startedAt: startedMsAgo === undefined ? undefined : NOW - startedMsAgo,
});
const ended = (...runs: readonly (readonly [sizeBytes: number, runMs: number])[]) =>
  runs.map(([sizeBytes, runMs]) => ({ sizeBytes, runMs }));

describe("how long a job will take", () => {
  it("is not said without a basis", () => {
    expect(estimate(job(undefined), [], NOW)).toEqual({ kind: "none" });
    const twoLike = ended([1_000, 5_000], [1_500, 6_000], [100_000, 90_000], [10, 1]);
    expect(estimate(job(1_000, 50), twoLike, NOW)).toEqual({ kind: "none" });
  });

  it("is the median of jobs of like size, less what has passed", () => {
    const like = ended([500, 10_000], [1_000, 20_000], [2_000, 40_000], [2_001, 1_000_000], [499, 1]);
    expect(estimate(job(undefined), like, NOW)).toEqual({ kind: "like_jobs", leftMs: 20_000, count: 3 });
    expect(estimate(job(5_000, 3), like, NOW)).toEqual({ kind: "like_jobs", leftMs: 15_000, count: 3 });
    expect(estimate(job(25_000, 3), like, NOW)).toEqual({ kind: "overdue", medianMs: 20_000, count: 3 });
    const even = ended([1_000, 10], [1_000, 20], [1_000, 40], [1_000, 80]);
    expect(estimate(job(undefined), even, NOW)).toMatchObject({ leftMs: 30 });
  });

  it("is by the job's own pace once there is some", () => {
    expect(estimate(job(10_000, 25), [], NOW)).toEqual({ kind: "own_pace", leftMs: 30_000 });
  });

  it("takes a clock that is behind for one that agrees", () => {
    expect(estimate(job(-60_000, 50), [], NOW)).toEqual({ kind: "none" });
  });
});
