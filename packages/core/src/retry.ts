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
 * Delay before the attempt that follows `attempt`, in ms, or `undefined` when none is left.
 * Exponential with full jitter: uniform in [0, min(maxDelayMs, baseDelayMs · 2^(attempt−1))].
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
 * @param attempt 1-based number of failed attempts so far.
 * @param random  uniform in [0, 1); a constant in tests.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: () => number): number | undefined {
  if (attempt >= policy.maxAttempts) return undefined;
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
  return Math.floor(random() * (ceiling + 1));
}
