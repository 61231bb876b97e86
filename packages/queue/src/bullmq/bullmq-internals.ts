import type { Worker } from "bullmq";

/**
 * What we rely on in BullMQ beyond its documented API, fact by fact. Each throws at the start where an installed version no longer has
 * what it needs, and has its test in `bullmq-internals.test.ts`.
 */

/** Place of the time among the arguments of `moveToFinishedArgs`. */
const TIMESTAMP = 6;

/**
 * Bounds how long one blocking read of the worker lasts, in ms, also while a delayed job is waited for.
 * Fact: the worker waits for the next delayed job for at most its backend's `maximumBlockTimeout`, in seconds, 10 by default; without a
 * delayed job for `drainDelay`. A longer read would look like a connection that is dead.
 */
export function boundBlockingReads(worker: Worker, blockMs: number): void {
  if (typeof worker.backend.maximumBlockTimeout !== "number")
    throw new TypeError("This version of BullMQ waits for delayed jobs in another way.");
  Object.defineProperty(worker.backend, "maximumBlockTimeout", { value: blockMs / 1_000 });
}

/**
 * Lets the worker stamp the end of its jobs with another clock than the host's.
 * Fact: the worker's backend passes the time of the end as the seventh argument of `moveToFinishedArgs` to the script that ends a job.
 */
export function stampEndsBy(worker: Worker, now: () => number): void {
  const backend = worker.backend;
  const original: unknown = Reflect.get(backend, "moveToFinishedArgs");
  if (typeof original !== "function") throw new TypeError("This version of BullMQ ends jobs in another way.");
  Reflect.set(backend, "moveToFinishedArgs", (...args: unknown[]): unknown =>
    original.apply(backend, args.with(TIMESTAMP, now())),
  );
}
