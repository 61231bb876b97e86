import type { EventSink, Outcome, RecordedOutcome } from "@drover/core";
import type { BullAttempt } from "./bull-attempt.js";
import type { StateAfterAttempt } from "./record-outcome.js";

/**
 * Tells that an attempt began; the returned function tells how it ended, once that is recorded or known to be
 * another worker's to record.
 */
export function tellOfStart(
  events: EventSink,
  attempt: BullAttempt,
): (outcome: Outcome, state: StateAfterAttempt) => void {
  const { processor, createdAt, runAt } = attempt.request;
  const takenAt = performance.now();
  const waitedMs = attempt.number === 1 ? Math.max(0, attempt.now() - Math.max(createdAt, runAt ?? 0)) : null;
  events.emit("attempt.started", { processor, waitedMs });
  return (outcome, state) => {
    const isRecorded = state === "finished" || state === "queued";
    events.emit("attempt.ended", {
      processor,
      outcome: isRecorded ? outcome.kind : ("lost" satisfies RecordedOutcome),
      code: isRecorded && outcome.kind === "failed" ? outcome.code : null,
      isRetried: state === "queued" && outcome.kind === "failed",
      durationMs: performance.now() - takenAt,
    });
  };
}
