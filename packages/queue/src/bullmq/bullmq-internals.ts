import { createRequire } from "node:module";
import type { JobRequest, Log } from "@drover/core";
import type { Job, JobsOptions, Worker } from "bullmq";
import { Redis, type RedisOptions } from "ioredis";

/**
 * What we rely on in BullMQ beyond its documented API, fact by fact, with tests in `bullmq-internals.test.ts`.
 * The scripts in `scripts/` spell fields and events out; the test holds what it finds against the lists here.
 */

/** The release of BullMQ, major and minor, that the facts were checked against. */
export const CHECKED_RELEASE = "6.7";

/** Says in the log when another release is installed: what stands here may no longer be so. */
export function warnOfOtherRelease(log: Log, installed = installedVersion()): void {
  if (installed.startsWith(`${CHECKED_RELEASE}.`)) return;
  log.warn(
    `bullmq ${installed} is installed; Drover was checked against ${CHECKED_RELEASE} and relies on its ` +
      `internals. Install ${CHECKED_RELEASE}.`,
    { bullmq: installed },
  );
}

function installedVersion(): string {
  const description: unknown = createRequire(import.meta.url)("bullmq/package.json");
  return String(Reflect.get(Object(description), "version"));
}

/**
 * Fact: a queue's keys are `prefix:queue:name`, and the id of a job is in one of the first seven.
 *
 * | name | type | holds |
 * |---|---|---|
 * | `wait` | list, next at the tail | ids without a priority, and ids that were found without their worker |
 * | `paused` | list | what older releases kept there while a queue was paused |
 * | `prioritized` | sorted set, lowest first | ids with a priority, also those that were given back |
 * | `delayed` | sorted set by due time | ids that are scheduled, or wait for their retry |
 * | `active` | list | ids that a worker has |
 * | `completed`, `failed` | sorted sets by time of the end, ms since the epoch | ids that ended |
 * | `stalled` | set | ids of `active` whose lock is to be looked at with the next check |
 * | `events` | stream | what happened, about the newest `EVENTS_KEPT` |
 * | `meta`, `marker` | hash, sorted set | whether the queue is paused, and its bound; what wakes a worker |
 */
export const QUEUE_KEYS = [
  "wait",
  "paused",
  "prioritized",
  "delayed",
  "active",
  "completed",
  "failed",
  "stalled",
  "events",
  "meta",
  "marker",
] as const;

export type QueueKey = (typeof QUEUE_KEYS)[number];

/** A key of a queue, or with the id of a job its hash. */
export function queueKey(prefix: string, queue: string, nameOrId: string): string {
  return `${prefix}:${queue}:${nameOrId}`;
}

/** Fact: a string with the token of the worker that has the job; it expires with the lease. */
export const lockKey = (jobKey: string): string => `${jobKey}:lock`;

/** Fact: a list of the job's log lines, which goes with the job. */
export const logsKey = (jobKey: string): string => `${jobKey}:logs`;

/**
 * Fields of a job's hash. Facts about them:
 * - A worker that takes an id whose hash is gone makes one with `processedOn`, `ats` and `pb` alone: no
 *   `data`, no `timestamp`.
 * - A retry of a failed job keeps `ats`, `stc`, `defa`, `progress` and `stacktrace`, and drops the rest of
 *   the end.
 * - BullMQ parses `opts`, `progress`, `parent` and the counts of each job that it takes, and leaves one that
 *   it cannot parse active.
 */
export const JOB_FIELDS = {
  name: "the processor",
  data: "the request as JSON",
  opts: "the options of `add` as JSON",
  priority: "as in the options",
  delay: "as in the options, ms; 0 once the job was due",
  timestamp: "time of the submit, ms since the epoch",
  processedOn: "time of the latest start",
  finishedOn: "time of the end",
  progress: "JSON; 0 at first",
  returnvalue: "of a completed job, as JSON",
  failedReason: "of a failed job, or of one that is tried again",
  stacktrace: "of the failures, as JSON",
  ats: "attempts that were started, also those that were given back",
  atm: "attempts that count: that failed, or completed the job",
  stc: "how often the job was found without its worker",
  defa: "why the next worker has to fail the job: it was found without its worker too often",
  pb: "name of the latest worker",
  parent: "of a job of a flow, as JSON; ours have none",
} as const;

export type JobField = keyof typeof JOB_FIELDS;

/**
 * Fact: an entry of `events` is `event`, one of these, and `jobId`; a `failed` one has `failedReason` and
 * `prev` as well.
 */
export const JOB_EVENTS = [
  "waiting",
  "delayed",
  "active",
  "stalled",
  "progress",
  "completed",
  "failed",
  "removed",
] as const;

/** What our scripts add to `events` beside these; what reads the stream passes over events it does not know. */
export const OWN_EVENTS = ["log"] as const;

/** Fact: `events` is trimmed to about this many entries; what our scripts add they trim to as many. */
export const EVENTS_KEPT = 10_000;

/**
 * A priority of ours, −100 to 100 with the highest first, as BullMQ's, 201 to 1. Fact: the lowest number runs
 * first, and 0 means "no priority": such jobs are in `wait` and come before all others.
 */
export const bullPriority = (priority: number): number => 101 - priority;

/** Fact: a score in `delayed` is the due time, in ms since the epoch, times this, plus a counter. */
export const DELAYED_SCORES_PER_MS = 4_096;

/** Fact: a score in `prioritized` is BullMQ's priority times this, plus a counter: first added, first out. */
export const SCORES_PER_PRIORITY = 2 ** 32;

/** Fact: a job is due its delay after its timestamp, whenever it is added. In ms, 0 for a time that is past. */
function delayOf({ runAt, createdAt }: JobRequest): number {
  return Math.max(0, (runAt ?? 0) - createdAt);
}

/**
 * The options that a job is added with. Fact: `add` is one script, so that a server that refuses it has done
 * nothing.
 */
export function addOptions(request: JobRequest): JobsOptions {
  return {
    ...condensedOptions(request),
    jobId: request.id,
    timestamp: request.createdAt,
    delay: delayOf(request),
  };
}

/** What a completed job keeps of its options. Fact: BullMQ reads its id, time and delay elsewhere. */
export function condensedOptions(request: Pick<JobRequest, "maxAttempts" | "priority">): JobsOptions {
  const { maxAttempts, priority } = request;
  const backoff = { type: "custom" };
  return { attempts: maxAttempts, backoff, priority: bullPriority(priority), stackTraceLimit: 0 };
}

/**
 * The hash of a job that waits for nothing, as `add` makes it: name, value, …
 * @param data the request as it is stored.
 */
export function addedFields(request: JobRequest, data: object): readonly (string | number)[] {
  const fields = {
    name: request.processor,
    data: JSON.stringify(data),
    opts: JSON.stringify({ ...condensedOptions(request), jobId: request.id }),
    priority: bullPriority(request.priority),
    delay: 0,
    timestamp: request.createdAt,
  } satisfies Partial<Record<JobField, string | number>>;
  return Object.entries(fields).flat();
}

/**
 * How all lock tokens of a worker begin. Fact: a token is the worker's id and a number, and serves one job
 * after another; so it does not tell an attempt from the next.
 */
export function tokenPrefixOf(worker: Worker): string {
  return `${worker.id}:`;
}

/**
 * Options of a queue on a connection that does not wait for its server. Fact: with them a queue asks the
 * server for nothing before its first command. Made on a connection that is down, it refuses at once, and
 * serves when the connection is back. A queue that does ask, and gets no answer, refuses for ever.
 */
export const FAIL_FAST_QUEUE = { skipWaitingForReady: true, skipVersionCheck: true } as const;

/** What a move that was to take the worker's next job answers: that job as BullMQ reads it, or nothing. */
export type NextJob = Awaited<ReturnType<Job["moveToCompleted"]>>;

/**
 * For a job that the processor function moved itself, before it returns. Fact: BullMQ then only calls its
 * `moveToCompleted`, and makes what that answers the worker's next job, also while it is paused or closing; it
 * looks for one itself when the answer is nothing.
 */
export function wasMoved(job: Job, next: NextJob): void {
  job.moveToCompleted = () => Promise.resolve(next);
}

/** Whether BullMQ refused to move a job. Fact: such an error has a number as its `code`, the network's has none. */
export function isRefusal(error: Error): boolean {
  return "code" in error && typeof error.code === "number";
}

/**
 * The copies that BullMQ will have made of a worker's connection. Fact: a worker makes its connection for
 * blocking reads with `duplicate` of the one that it was given, and makes no other.
 * @returns a list that grows with each copy.
 */
export function copiesOf(client: Redis): readonly Redis[] {
  const copies: Redis[] = [];
  client.duplicate = (options?: Partial<RedisOptions>) => {
    const copy = Redis.prototype.duplicate.call(client, options);
    copies.push(copy);
    return copy;
  };
  return copies;
}

/**
 * Bounds how long one blocking read of the worker lasts, in ms, also while a delayed job is waited for. Fact:
 * the worker waits for the next delayed job for at most its backend's `maximumBlockTimeout`, in s, 10 by
 * default; without one for `drainDelay`, in s as well. A longer read would look like a dead connection.
 * @throws {TypeError} when the installed version has no such bound.
 */
export function boundBlockingReads(worker: Worker, blockMs: number): void {
  if (typeof worker.backend.maximumBlockTimeout !== "number")
    throw new TypeError("This version of BullMQ waits for delayed jobs in another way.");
  Object.defineProperty(worker.backend, "maximumBlockTimeout", { value: blockMs / 1_000 });
}

const TIMESTAMP = 6; // place of the time among the arguments of `moveToFinishedArgs`

/**
 * Lets the worker stamp the end of its jobs with another clock than the host's. Fact: the worker's backend
 * passes the time of the end as the seventh argument of `moveToFinishedArgs` to the script that ends a job.
 * @throws {TypeError} when the installed version has no such method.
 */
export function stampEndsBy(worker: Worker, now: () => number): void {
  const backend = worker.backend;
  const original: unknown = Reflect.get(backend, "moveToFinishedArgs");
  if (typeof original !== "function") throw new TypeError("This version of BullMQ ends jobs in another way.");
  Reflect.set(backend, "moveToFinishedArgs", (...args: unknown[]): unknown =>
    original.apply(backend, args.with(TIMESTAMP, now())),
  );
}
