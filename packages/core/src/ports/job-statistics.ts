import type { FailureCode } from "../attempt.js";
import type { Job } from "../job.js";

/**
 * How the jobs of the last days ended and how long they took, counted where the jobs are: all processes see
 * the same figures, and no restart loses them. A window is made of spans of `COUNTED_SPAN_MS`, so that it may
 * begin up to that much earlier than asked for. Kept for `COUNTED_FOR_MS`.
 */
export interface JobStatistics {
  /**
   * Counts how the job ended, once for each end that it has, however often and by whomever this is called. To
   * be called before the end goes into the manifest, so that a process that dies in between leaves it to
   * whoever settles the job. A job that has not ended is not counted.
   */
  count(job: Job): Promise<void>;
  /** What ended since the time, in ms since the epoch. */
  read(processor: string, since: number): Promise<EndedJobs>;
  /** The same span by span, oldest first; spans in which nothing ended are left out. */
  readSpans(processor: string, since: number): Promise<readonly EndedInSpan[]>;
}

/** What ended in a span. */
export interface EndedInSpan {
  /** When it began, in ms since the epoch. */
  readonly span: number;
  readonly jobs: EndedJobs;
}

/** Length of the spans that ends are counted in, in ms. */
export const COUNTED_SPAN_MS = 10 * 60_000;

/** How long a span is kept, in ms. */
export const COUNTED_FOR_MS = 8 * 86_400_000;

/** Returns when the span began that the time is in; both in ms since the epoch. */
export function spanOf(time: number): number {
  return Math.floor(time / COUNTED_SPAN_MS) * COUNTED_SPAN_MS;
}

/** How many jobs ended how. */
export interface EndedJobs {
  readonly completed: number;
  readonly cancelled: number;
  readonly failures: Readonly<Partial<Record<FailureCode, number>>>;
  /** From when a job could run to the start of its last attempt. Of the jobs that an attempt began. */
  readonly wait: Durations;
  /** From the start of the last attempt to the end. */
  readonly run: Durations;
}

/** Durations in classes, each 19 % wider than the one before: class `n` holds those up to `classLimitMs(n)`. */
export interface Durations {
  readonly sumMs: number;
  /** How many, by class. */
  readonly classes: ReadonlyMap<number, number>;
}

const CLASSES_PER_DOUBLING = 4;
/** The class of everything over 12 days. */
const LAST_CLASS = 120;

/** Returns the class of a duration in ms. */
export function classOf(durationMs: number): number {
  if (durationMs <= 1) return 0;
  return Math.min(LAST_CLASS, Math.ceil(CLASSES_PER_DOUBLING * Math.log2(durationMs)));
}

/** Returns the longest duration of a class, in ms. */
export function classLimitMs(index: number): number {
  return 2 ** (index / CLASSES_PER_DOUBLING);
}

/** Returns the durations of both together. */
export function addDurations(a: Durations, b: Durations): Durations {
  const classes = new Map(a.classes);
  for (const [index, count] of b.classes) classes.set(index, (classes.get(index) ?? 0) + count);
  return { sumMs: a.sumMs + b.sumMs, classes };
}

/**
 * Returns the duration that `share` of them do not exceed, in ms, within 9 %: the geometric middle of its
 * class. `undefined` when there are none.
 * @param share over 0, up to 1.
 */
export function percentileMs({ classes }: Durations, share: number): number | undefined {
  const total = countOf(classes);
  let seen = 0;
  for (const [index, count] of [...classes].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= share * total) return index === 0 ? 1 : classLimitMs(index - 0.5);
  }
  return undefined;
}

/** Returns the mean in ms; `undefined` when there are none. */
export function meanMs({ sumMs, classes }: Durations): number | undefined {
  const total = countOf(classes);
  return total === 0 ? undefined : sumMs / total;
}

function countOf(classes: Durations["classes"]): number {
  let total = 0;
  for (const count of classes.values()) total += count;
  return total;
}
