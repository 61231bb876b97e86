import { isTransient, UnreachableError } from "./errors.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** How long to try again while a server is in trouble. */
export interface RetryOptions {
  /** Give up after this long without one good answer, in ms. */
  readonly giveUpAfterMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Repeats `work` while it fails in a way that may pass. Waits what the server asks for, else exponentially longer up to 10 s with jitter.
 * Throws the last failure after `giveUpAfterMs`, any other failure at once, and the signal's reason when it aborts.
 */
export async function retryTransient<T>(options: RetryOptions, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  for (let failures = 0; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      const waitMs = waitAfter(failures, error instanceof UnreachableError ? undefined : error.retryAfterS);
      if (performance.now() - start + waitMs > options.giveUpAfterMs) throw error;
      await sleep(waitMs, options.signal);
    }
  }
}

function waitAfter(failures: number, retryAfterS: number | undefined): number {
  const jitter = 0.5 + Math.random() / 2;
  return retryAfterS === undefined
    ? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures) * jitter
    : retryAfterS * 1000;
}

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
