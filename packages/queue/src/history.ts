import type { JobEvent, LogLine } from "@drover/core";

/** How many events and how many log lines of one job are kept: the newest of each. */
export const HISTORY_LIMIT = 500;

/** Adds to a bounded list, dropping the oldest. */
export function appendBounded<T extends JobEvent | LogLine>(list: T[], ...more: readonly T[]): void {
  list.push(...more);
  list.splice(0, Math.max(0, list.length - HISTORY_LIMIT));
}
