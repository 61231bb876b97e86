import { FAILURE_CODES, type Failure, type FailureCode, isRetryable, type Outcome } from "@drover/core";

/** Longest message of a failure, in characters. */
const MAX_FAILURE_LENGTH = 1_000;

/** The failed reason of a cancelled job: BullMQ knows no cancelled state. */
export const CANCELLED = "cancelled: Job was cancelled";

/**
 * How BullMQ's failed reason spells a failure: the code, then the sentence. Readable in its board as it is.
 */
export function encodeFailure(outcome: Extract<Outcome, { kind: "failed" }>): string {
  return `${outcome.code}: ${outcome.message.slice(0, MAX_FAILURE_LENGTH)}`;
}

/**
 * The failure that a failed reason spells. One that is not ours is BullMQ's own: the job was lost with its
 * worker too often.
 */
export function decodeFailure(failedReason: string): Failure {
  const [code, message] = splitOnce(failedReason, ": ");
  const known: FailureCode | undefined = FAILURE_CODES.find((name) => name === code);
  return known === undefined
    ? {
        code: "worker_lost",
        message: "The workers that ran this job died or lost their connection too many times.",
        retryable: true,
      }
    : { code: known, message: message.slice(0, MAX_FAILURE_LENGTH), retryable: isRetryable(known) };
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
