/** What there is too much of. */
export type Limited = "rows" | "kinds" | "people" | "contexts" | "courses" | "ids" | "texts";

/**
 * Most of each that is held in memory, so that a log never needs more than an attempt has: rows take about 60
 * bytes, an entry of a dictionary 16 to 32 and its text in each thread. A site's log of a year stays far below.
 */
export const LOG_LIMITS: Readonly<Record<Limited, number>> = {
  rows: 16_000_000,
  kinds: 50_000,
  people: 2_000_000,
  contexts: 2_000_000,
  courses: 500_000,
  ids: 4_000_000,
  /** Bytes of all dictionaries together. */
  texts: 64 * 1024 ** 2,
};

/** A log has more of something than is held in memory. */
export class LogTooLargeError extends Error {
  readonly what: Limited;

  constructor(what: Limited) {
    super(`The log has more than ${LOG_LIMITS[what]} ${what}.`);
    this.name = "LogTooLargeError";
    this.what = what;
  }
}

/** @throws {LogTooLargeError} when there is more than the limit. */
export function assertWithin(counts: Readonly<Partial<Record<Limited, number>>>): void {
  for (const [what, count] of Object.entries(counts)) {
    // The keys are those of the limits.
    if (count > LOG_LIMITS[what as Limited]) throw new LogTooLargeError(what as Limited);
  }
}

interface Dictionary {
  readonly size: number;
  readonly bytes: number;
}

/**
 * Holds the dictionaries of a log to the limits; what is told apart by several texts counts as what it is one of.
 * @throws {LogTooLargeError}
 */
export function assertDictionaries(of: {
  readonly kinds: number;
  readonly tuples: Readonly<Record<"people" | "contexts", number>>;
  readonly texts: Readonly<Record<"people" | "contexts" | "courses" | "ids", Dictionary>>;
}): void {
  const { people, contexts, courses, ids } = of.texts;
  assertWithin({
    kinds: of.kinds,
    people: Math.max(people.size, of.tuples.people),
    contexts: Math.max(contexts.size, of.tuples.contexts),
    courses: courses.size,
    ids: ids.size,
    texts: people.bytes + contexts.bytes + courses.bytes + ids.bytes,
  });
}
