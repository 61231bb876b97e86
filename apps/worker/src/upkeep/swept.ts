import type { EventSink } from "@drover/core";
import type { Reconciled } from "./reconciler.js";

/** What one sweep did. */
export interface Swept extends Readonly<Reconciled> {
  readonly jobsLate: number;
  readonly jobsExpired: number;
  readonly jobsBuried: number;
  readonly attemptsRemoved: number;
}

/** Whether a sweep did anything. */
export function hasDone(swept: Swept): boolean {
  return Object.values(swept).some((count: number) => count > 0);
}

/** Tells what a sweep did, by the names that metrics have for it. */
export function tellOfSweep(
  events: EventSink,
  swept: Swept,
  how: { readonly isWhole: boolean; readonly durationMs: number },
): void {
  events.emit("sweep.ended", {
    ...how,
    done: {
      jobs_late: swept.jobsLate,
      jobs_expired: swept.jobsExpired,
      jobs_buried: swept.jobsBuried,
      jobs_restored: swept.restored,
      manifests_settled: swept.settled,
      inputs_removed: swept.inputsRemoved,
      attempts_removed: swept.attemptsRemoved,
    },
  });
}
