import { setTimeout as sleep } from "node:timers/promises";

export interface WaitOptions {
  /** When to give up, in ms from the call. Default 10,000. */
  readonly deadlineMs?: number;
  /** What is waited for, as the error says it. Default "the condition". */
  readonly what?: string;
}

const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/**
 * Asks `condition` again and again until it answers something truthy. An error that it throws counts as "not
 * yet".
 * @returns what it answered.
 * @throws after the deadline, with the condition's last error as the cause.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<NonNullable<T>> {
  const { deadlineMs = 10_000, what = "the condition" } = options;
  const end = performance.now() + deadlineMs;
  let cause: unknown;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) {
      throw new Error(`Waited ${deadlineMs} ms in vain for ${what}.`, cause === undefined ? {} : { cause });
    }
    await sleep(pauseMs);
  }
}

/** A promise and the functions that settle it: a signal between a test and the code under test. */
export interface Signal<T = void> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** A signal that was not given yet. */
export function signal<T = void>(): Signal<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined); // a signal that nobody waits for is no unhandled rejection
  return { promise, resolve: (value) => resolve(value), reject: (reason) => reject(reason) };
}
