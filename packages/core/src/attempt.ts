import type { LogLevel } from "./ports/log-port.js";

/** Every way an attempt can fail, as a client reads it. */
export const FAILURE_CODES = [
  "input_invalid",
  "input_missing",
  "processor_error",
  "timeout",
  "queue_timeout",
  "crashed",
  "out_of_memory",
  "worker_lost",
  "job_unreadable",
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** Why a job failed. The message is for a person: no stack, no path, no host. */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  /** Whether the same input may succeed on another try. */
  readonly retryable: boolean;
}

const PERMANENT: readonly FailureCode[] = [
  "input_invalid",
  "input_missing",
  "queue_timeout",
  "job_unreadable",
];

/** Whether another try with the same input can end differently. */
export function isRetryable(code: FailureCode): boolean {
  return !PERMANENT.includes(code);
}

/** What an artifact may be called: a file name without a path, as it may stand in a header. */
export const ARTIFACT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A named output file of a completed job. */
export interface Artifact {
  /** Shown to clients; unique in the job; as `ARTIFACT_NAME` says. */
  readonly name: string;
  /** Key in the blob store, below the path of the attempt that made it. */
  readonly key: string;
  /** Of the artifact's own bytes, however they are stored; `sha256` and `crc32` likewise. */
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Absent: published by a version that did not count it. */
  readonly crc32?: number;
  /**
   * The blob is one gzip member (RFC 1952) of this length and SHA-256: a header of 10 bytes, one deflate
   * stream, a trailer of 8. Absent: it holds the bytes as they are.
   */
  readonly gzip?: { readonly sizeBytes: number; readonly sha256: string };
  /** Whether `/download` serves this one; at most one in a job. */
  readonly isPrimary: boolean;
}

/** How an attempt ended. A value, never an exception: the executor classifies, the queue records. */
export type Outcome =
  | { readonly kind: "completed"; readonly result: unknown; readonly artifacts: readonly Artifact[] }
  | {
      readonly kind: "failed";
      readonly code: FailureCode;
      readonly message: string;
      readonly retryable: boolean;
      /**
       * The processor asked to be tried again after this many ms; `undefined` for the retry policy's own
       * delay.
       */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: "cancelled" }
  | { readonly kind: "released" }; // drained: back to the queue, the attempt is not counted

/** Why an attempt has to stop before it ended by itself. The `reason` of the attempt's abort signal. */
export type StopReason = "cancelled" | "lease_lost" | "drained";

/** One line that a processor logged. */
export interface LogLine {
  readonly attempt: number;
  readonly level: LogLevel;
  /** At most 2,000 characters. */
  readonly message: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** When a failed attempt is followed by another. */
export interface RetryPolicy {
  /** Attempts in all, the first included; 1 or more. */
  readonly maxAttempts: number;
  /** Upper bound of the delay after the first failed attempt. */
  readonly baseDelayMs: number;
  /** Upper bound of any delay. */
  readonly maxDelayMs: number;
}

/**
 * Delay before the attempt that follows `attempt`, in ms, or `undefined` when none is left. Exponential with
 * full jitter: uniform in [0, min(maxDelayMs, baseDelayMs · 2^(attempt−1))]. Source: AWS Architecture Blog,
 * "Exponential Backoff And Jitter" (2015).
 * @param attempt 1-based number of failed attempts so far.
 * @param random  uniform in [0, 1); a constant in tests.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: () => number): number | undefined {
  if (attempt >= policy.maxAttempts) return undefined;
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
  return Math.floor(random() * (ceiling + 1));
}
