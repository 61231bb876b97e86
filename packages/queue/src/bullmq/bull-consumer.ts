import {
  type Attempt,
  type ConsumeOptions,
  type Consumer,
  type EventSink,
  type JobId,
  jobFields,
  type Log,
  type Outcome,
} from "@drover/core";
import type { Job as BullJob } from "bullmq";
import { isServerTrouble } from "../redis-errors.js";
import { tellOfStart } from "./attempt-events.js";
import { BullAttempt } from "./bull-attempt.js";
import { BullWorker } from "./bull-worker.js";
import { type NextJob, wasMoved } from "./bullmq-internals.js";
import { DamagedJobs, readRequest } from "./damaged-jobs.js";
import type { LeaseTimes } from "./lease-times.js";
import { LineUpkeep, type LineUpkeepDeps } from "./line-upkeep.js";
import { tellOfLostWorker } from "./lost-worker.js";
import { recordOutcome, tellOfEnd } from "./record-outcome.js";
import { RunningAttempts } from "./running-attempts.js";

/**
 * Cancel marks are looked for this often: with a second of grace for the child, a running job is stopped well
 * within the promised 2 s.
 */
const CANCEL_CHECK_MS = 250;

/** How long after the drain deadline an attempt has to end and its outcome to be recorded. */
const LAST_WORD_MS = 8_000;

/** What a consumer is made of. */
export interface ConsumerDeps extends LineUpkeepDeps {
  readonly url: string;
  readonly log: Log;
  readonly events: EventSink;
  readonly random: () => number;
  readonly lease: LeaseTimes;
  /** The server's wall time. */
  readonly now: () => number;
}

type Execute = (attempt: Attempt) => Promise<Outcome>;

/**
 * Takes jobs of one processor through a BullMQ worker. Starts when made, ends with `drain`.
 *
 * The outcome is recorded inside BullMQ's processor function, while BullMQ still renews the lease: this way it
 * is known for sure whether it was recorded, and by whom. The same step takes the slot's next job, which BullMQ
 * is given to go on with.
 */
export class BullConsumer implements Consumer {
  readonly #processor: string;
  readonly #options: ConsumeOptions;
  readonly #execute: Execute;
  readonly #deps: ConsumerDeps;
  readonly #worker: BullWorker;
  readonly #attempts = new RunningAttempts();
  readonly #damaged: DamagedJobs;
  readonly #lines: LineUpkeep;
  readonly #timer: NodeJS.Timeout;
  /**
   * Aborted when outcomes that could not be recorded are given up: their jobs are found without a worker, and
   * run again.
   */
  readonly #giveUp = new AbortController();
  #drained: Promise<void> | undefined;
  /** What is taken with the end of another job is given back from then on. */
  #isPastDeadline = false;

  constructor(processor: string, options: ConsumeOptions, execute: Execute, deps: ConsumerDeps) {
    this.#processor = processor;
    this.#options = options;
    this.#execute = execute;
    this.#deps = deps;
    this.#worker = new BullWorker({
      ...deps,
      processor,
      prefix: deps.keys.queuePrefix(processor),
      workerId: options.workerId,
      slots: options.slots,
      process: async (job, token) => wasMoved(job, await this.#process(job, token)),
      onError: (error) => this.#lookForDamaged(error),
      onStalled: (id) => void this.#noteLostWorker(id as JobId), // BullMQ ids are the ids of submit
      onLeasesLost: (ids) => {
        for (const id of ids) void this.#reclaim(id);
      },
    });
    this.#damaged = new DamagedJobs({ ...deps, processor, tokenPrefix: this.#worker.tokenPrefix });
    this.#lines = new LineUpkeep(processor, options, deps);
    this.#timer = setInterval(() => void this.#lookForCancelMarks(), CANCEL_CHECK_MS);
  }

  get running(): number {
    return this.#attempts.size;
  }

  pause(): void {
    this.#worker.pause();
  }

  resume(): void {
    this.#worker.resume();
  }

  drain(deadlineMs: number): Promise<void> {
    this.#drained ??= this.#drain(deadlineMs);
    return this.#drained;
  }

  async #drain(deadlineMs: number): Promise<void> {
    const closed = this.#worker.close();
    const stopAttempts = () => {
      this.#isPastDeadline = true;
      this.#attempts.stop("drained");
    };
    if (deadlineMs <= 0) stopAttempts();
    const timers = [
      setTimeout(stopAttempts, deadlineMs),
      setTimeout(() => this.#giveUp.abort(), deadlineMs + LAST_WORD_MS),
    ];
    // With Redis away BullMQ would wait for it, even with nothing left to say.
    const { signal } = this.#giveUp;
    await Promise.race([closed, this.#attempts.idle(signal), aborted(signal)]);
    this.#giveUp.abort();
    await this.#worker.disconnect();
    this.#lines.stop();
    for (const timer of [...timers, this.#timer]) clearTimeout(timer);
  }

  /** @returns the job that was taken with the end of this one. */
  async #process(job: BullJob, token: string): Promise<NextJob> {
    const attempt = this.#attemptOf(job, token);
    if (attempt === undefined) {
      await this.#damaged.end(job.id ?? "");
      return;
    }
    const isRestored = await this.#endOlder(attempt);
    this.#attempts.add(attempt);
    const tellOfOutcome = tellOfStart(this.#deps.events, attempt);
    try {
      if (job.stalledCounter > 0) await this.#noteLostWorker(attempt.request.id);
      const isCancelled = await attempt.begin();
      const isGivenBack = isRestored || this.#isPastDeadline; // taken with the end of another job
      const outcome: Outcome = isGivenBack
        ? { kind: "released" }
        : isCancelled
          ? { kind: "cancelled" }
          : await this.#outcomeOf(attempt);
      const { state, next } = await recordOutcome({
        job,
        token,
        attempt,
        outcome,
        retry: this.#options.retry,
        random: this.#deps.random,
        log: this.#deps.log,
        takesNext: () => this.#worker.isTaking,
        onError: (error) => this.#lookForDamaged(error),
        giveUp: this.#giveUp.signal,
      });
      tellOfOutcome(outcome, state);
      await tellOfEnd(state, { attempt, outcome, options: this.#options, log: this.#deps.log });
      return next;
    } finally {
      this.#attempts.remove(attempt);
      attempt.end();
    }
  }

  /**
   * A job whose record was lost may be restored and handed to this very worker while it still runs the lost
   * attempt. Both have the same lease token, and BullMQ renews one lease for both: the older one ends and
   * records nothing, the newer one goes back in line.
   */
  async #endOlder(attempt: BullAttempt): Promise<boolean> {
    const older = this.#attempts.get(attempt.request.id);
    older?.stop("lease_lost");
    await older?.ended;
    return older !== undefined;
  }

  /** A job that BullMQ cannot read is told by nothing but the error of the command that gave it to the worker. */
  #lookForDamaged(error: unknown): void {
    if (!isServerTrouble(error)) void this.#damaged.endThose((id) => this.#attempts.get(id) === undefined);
  }

  /** `undefined` when the job's record cannot be read, or is gone: evicted, or deleted by hand. */
  #attemptOf(job: BullJob, token: string): BullAttempt | undefined {
    const request = readRequest(job);
    if (request === undefined) return undefined;
    return new BullAttempt({
      ...this.#deps,
      request,
      number: job.attemptsStarted,
      token,
      workerId: this.#options.workerId,
    });
  }

  async #outcomeOf(attempt: BullAttempt): Promise<Outcome> {
    try {
      return await this.#execute(attempt);
    } catch (error) {
      this.#deps.log.error("execute() rejected; it must resolve to an outcome", {
        ...jobFields(attempt.request, attempt.number),
        error,
      });
      return {
        kind: "failed",
        code: "processor_error",
        message: "The attempt ended unexpectedly.",
        retryable: true,
      };
    }
  }

  async #reclaim(id: string): Promise<void> {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined || attempt.isRecorded) return;
    try {
      if (await attempt.reclaim()) return;
      attempt.stop("lease_lost");
    } catch {
      // Redis is away: the next renewal fails as well and asks again
    }
  }

  #noteLostWorker(id: JobId): Promise<void> {
    return tellOfLostWorker({ processor: this.#processor, id }, this.#deps);
  }

  async #lookForCancelMarks(): Promise<void> {
    for (const attempt of this.#attempts) {
      // Redis is away: asked again in a moment.
      const isRequested = await attempt.isCancelRequested().catch(() => false);
      if (isRequested) attempt.stop("cancelled");
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
