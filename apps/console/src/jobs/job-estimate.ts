/** What is needed of a job to say how long it will take. */
export interface TimedJob {
  readonly sizeBytes: number;
  /** ms since the epoch; `undefined` while it has not started. */
  readonly startedAt: number | undefined;
  /** Percent. */
  readonly progress: number;
}

/** A job of the same processor that completed. */
export interface EndedJob {
  readonly sizeBytes: number;
  readonly runMs: number;
}

/** How long a job will take, and why that is thought. */
export type Estimate =
  | {
      readonly kind: "own_pace";
      /** Until it ends, from now. */
      readonly leftMs: number;
    }
  | {
      readonly kind: "like_jobs";
      readonly leftMs: number;
      /** Whose median it is. */
      readonly count: number;
    }
  /** It has taken longer already than like jobs did. */
  | { readonly kind: "overdue"; readonly medianMs: number; readonly count: number }
  | { readonly kind: "none" };

/** Before this much of the work, and this long, the own pace says little. */
const SOME_PERCENT = 8;
const SOME_MS = 2_000;
/** Sizes are alike within this factor. */
const ALIKE = 2;
/** So many like jobs make a median worth saying. */
const ENOUGH = 3;

/**
 * Estimates when a job ends: by its own pace once there is some, else by the median run of completed jobs of
 * like size.
 * @param now ms since the epoch, by the clock that `startedAt` is of.
 */
export function estimate(job: TimedJob, ended: readonly EndedJob[], now: number): Estimate {
  const elapsedMs = job.startedAt === undefined ? 0 : Math.max(0, now - job.startedAt);
  if (job.progress >= SOME_PERCENT && elapsedMs >= SOME_MS)
    return { kind: "own_pace", leftMs: (elapsedMs * (100 - job.progress)) / job.progress };
  const like = ended.filter(({ sizeBytes }) => isAlike(sizeBytes, job.sizeBytes));
  if (like.length < ENOUGH) return { kind: "none" };
  const medianMs = median(like.map(({ runMs }) => runMs));
  if (elapsedMs > medianMs) return { kind: "overdue", medianMs, count: like.length };
  return { kind: "like_jobs", leftMs: medianMs - elapsedMs, count: like.length };
}

function isAlike(a: number, b: number): boolean {
  return a <= b * ALIKE && b <= a * ALIKE;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
