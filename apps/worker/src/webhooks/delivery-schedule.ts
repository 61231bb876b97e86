const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Waits between the attempts at a delivery, in ms, before jitter: 12 attempts over 3 days. The first are close
 * together, so that a receiver that is deployed anew, or down for ten minutes, has its events soon after.
 */
export const WAITS_MS: readonly number[] = [
  ...[5 * SECOND, 30 * SECOND, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE],
  ...[HOUR, 4 * HOUR, 7 * HOUR, 12 * HOUR, 24 * HOUR, 24 * HOUR],
];

/** A wait is up to this part of itself shorter or longer, so that what failed together does not return together. */
const JITTER = 0.2;

/** The longest `Retry-After` that is followed, in ms. */
const MAX_RETRY_AFTER_MS = 24 * HOUR;

/**
 * The wait before the attempt that follows `attempts` of them, in ms; `undefined` when none does.
 * @param random uniform in [0, 1).
 * @param retryAfterMs what the receiver asked for; only ever makes the wait longer.
 */
export function waitAfter(
  attempts: number,
  {
    waitsMs,
    random,
    retryAfterMs = 0,
  }: { waitsMs: readonly number[]; random: () => number; retryAfterMs?: number },
): number | undefined {
  const wait = waitsMs[attempts - 1];
  if (wait === undefined) return undefined;
  const jittered = wait * (1 - JITTER + 2 * JITTER * random());
  return Math.round(Math.max(jittered, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)));
}

/**
 * What a `Retry-After` header asks for, in ms from `now`: seconds, or a date (RFC 9110, 10.2.3). 0 when it is
 * absent, past, or neither.
 */
export function retryAfterMsOf(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * SECOND;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
