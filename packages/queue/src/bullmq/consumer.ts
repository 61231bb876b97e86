import { setTimeout as sleep } from "node:timers/promises";
import {
  type Attempt,
  type ConsumeOptions,
  type Consumer,
  type JobId,
  type JobRequest,
  type Log,
  type Outcome,
  parseJobId,
} from "@drover/core";
import { type Job as BullJob, WaitingError, Worker } from "bullmq";
import { decodeRequest } from "../codec.js";
import type { RedisKeys } from "../keys.js";
import { isServerTrouble, type RedisLink, rateLimited } from "../redis.js";
import { BullAttempt } from "./attempt.js";
import { stampEndsBy } from "./bullmq-internals.js";
import { DamagedJobs } from "./damaged-jobs.js";
import { noteLostWorker } from "./history.js";
import type { LeaseTimes } from "./lease.js";
import { delayOf, type Place, recordOutcome } from "./record.js";
import { WorkerConnection } from "./worker-connection.js";

/** A job that was lost with its worker this often fails as `worker_lost`: it may well be what kills them. */
const MAX_LOST_WORKERS = 10;

/** Cancel marks are looked for this often: with a second of grace for the child, a running job is stopped well within the promised 2 s. */
const CANCEL_CHECK_MS = 250;

/** BullMQ's fetch loop spins when the server refuses every command; past this many errors in a second it rests for one. */
const MAX_ERRORS_A_SECOND = 10;

/** How long after the drain deadline an attempt has to end and its outcome to be recorded. */
const LAST_WORD_MS = 8_000;

/** How long a drained consumer without attempts waits for BullMQ to close by itself. */
const IDLE_CLOSE_MS = 500;

/** What a consumer is made of. */
export interface ConsumerDeps {
  readonly url: string;
  readonly keys: RedisKeys;
  readonly link: RedisLink;
  readonly log: Log;
  readonly random: () => number;
  readonly lease: LeaseTimes;
  /** The server's wall time. */
  readonly now: () => number;
}

type Execute = (attempt: Attempt) => Promise<Outcome>;

/**
 * Takes jobs of one processor through a BullMQ worker. Starts when made, ends with `drain`.
 *
 * The outcome is recorded inside BullMQ's processor function, while BullMQ still renews the lease, and BullMQ is then told that the
 * job was moved: this way it is known for sure whether the outcome was recorded, and by whom.
 */
export class BullConsumer implements Consumer {
  readonly #processor: string;
  readonly #options: ConsumeOptions;
  readonly #execute: Execute;
  readonly #deps: ConsumerDeps;
  readonly #worker: Worker;
  readonly #connection: WorkerConnection;
  readonly #attempts = new Map<string, BullAttempt>();
  readonly #damaged: DamagedJobs;
  readonly #timers: readonly NodeJS.Timeout[];
  /** Aborted when outcomes that could not be recorded are given up: their jobs are found without a worker, and run again. */
  readonly #giveUp = new AbortController();
  #drained: Promise<void> | undefined;
  #isPaused = false;
  #errorsThisSecond = 0;

  constructor(processor: string, options: ConsumeOptions, execute: Execute, deps: ConsumerDeps) {
    this.#processor = processor;
    this.#options = options;
    this.#execute = execute;
    this.#deps = deps;
    this.#connection = new WorkerConnection(deps.url, deps.log, {
      purpose: `worker of ${processor}`,
      socketTimeoutMs: deps.lease.silenceMs,
    });
    this.#worker = new Worker(processor, (job, token) => this.#process(job, token ?? ""), {
      connection: this.#connection.client,
      prefix: deps.keys.queuePrefix(processor),
      name: options.workerId,
      concurrency: options.slots,
      lockDuration: deps.lease.leaseMs,
      stalledInterval: deps.lease.stalledCheckMs,
      maxStalledCount: MAX_LOST_WORKERS,
      drainDelay: deps.lease.blockMs / 1_000,
      runRetryDelay: 500,
      settings: { backoffStrategy: (_attempts, _type, error) => delayOf(error) },
    });
    stampEndsBy(this.#worker, deps.now);
    this.#damaged = new DamagedJobs({ ...deps, processor, tokenPrefix: `${this.#worker.id}:` });
    this.#connection.watch();
    this.#listen();
    this.#timers = [
      setInterval(() => void this.#lookForCancelMarks(), CANCEL_CHECK_MS),
      setInterval(() => void this.#rest(), 1_000),
    ];
  }

  get running(): number {
    return this.#attempts.size;
  }

  pause(): void {
    this.#isPaused = true;
    void this.#worker.pause(true);
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#drained === undefined) this.#worker.resume();
  }

  drain(deadlineMs: number): Promise<void> {
    this.#drained ??= this.#drain(deadlineMs);
    return this.#drained;
  }

  async #drain(deadlineMs: number): Promise<void> {
    const closed = this.#worker.close(); // takes nothing more, goes on renewing leases, waits for what runs
    const abort = () => {
      for (const attempt of this.#attempts.values()) attempt.stop("drained");
    };
    const timers = [
      setTimeout(abort, deadlineMs),
      setTimeout(() => this.#giveUp.abort(), deadlineMs + LAST_WORD_MS),
    ];
    // With Redis away BullMQ would wait for it, even with nothing left to say.
    const isSilent = this.#ended().then(() => sleep(IDLE_CLOSE_MS));
    await Promise.race([closed, isSilent, aborted(this.#giveUp.signal)]);
    this.#giveUp.abort();
    this.#connection.close();
    await Promise.race([closed, sleep(IDLE_CLOSE_MS)]); // BullMQ never comes back from a connection that is being remade
    for (const timer of [...timers, ...this.#timers]) clearTimeout(timer);
  }

  /** Resolves when no attempt runs. */
  async #ended(): Promise<void> {
    while (this.#attempts.size > 0)
      await Promise.race([...this.#attempts.values()].map((attempt) => attempt.ended));
  }

  #listen(): void {
    const report = rateLimited(this.#deps.log, `worker of ${this.#processor}`);
    this.#worker.on("error", (error) => {
      this.#errorsThisSecond += 1;
      report(error);
      // One that BullMQ cannot read is told by nothing but the error of the command that gave it to this worker.
      if (!isServerTrouble(error)) void this.#damaged.endThose((id) => !this.#attempts.has(id));
    });
    this.#worker.on("stalled", (id) => void this.#noteLostWorker(id as JobId)); // BullMQ ids are the ids of submit
    this.#worker.on("lockRenewalFailed", (ids) => {
      for (const id of ids) void this.#reclaim(id);
    });
  }

  async #process(job: BullJob, token: string): Promise<never> {
    const attempt = this.#attemptOf(job, token);
    if (attempt === undefined) {
      await this.#damaged.end(job.id ?? "");
      throw new WaitingError();
    }
    const isRestored = await this.#endOlder(attempt);
    this.#attempts.set(attempt.request.id, attempt);
    try {
      if (job.stalledCounter > 0) await this.#noteLostWorker(attempt.request.id);
      await attempt.begin();
      const outcome: Outcome = isRestored ? { kind: "released" } : await this.#outcomeOf(attempt);
      const place = await recordOutcome({
        job,
        token,
        attempt,
        outcome,
        retry: this.#options.retry,
        random: this.#deps.random,
        log: this.#deps.log,
        giveUp: this.#giveUp.signal,
      });
      await this.#tell(attempt, outcome, place);
    } finally {
      if (this.#attempts.get(attempt.request.id) === attempt) this.#attempts.delete(attempt.request.id);
      attempt.end();
    }
    throw new WaitingError(); // BullMQ's word for "the job was moved already"
  }

  /**
   * A job whose record was lost may be restored and handed to this very worker while it still runs the lost attempt. Both have the same
   * lease token, and BullMQ renews one lease for both: the older one ends and records nothing, the newer one goes back in line.
   */
  async #endOlder(attempt: BullAttempt): Promise<boolean> {
    const older = this.#attempts.get(attempt.request.id);
    older?.stop("lease_lost");
    await older?.ended;
    return older !== undefined;
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
    const isCancelled = await attempt.readMarks().catch(() => false); // Redis is away: looked for again in a moment
    if (isCancelled) return { kind: "cancelled" };
    try {
      return await this.#execute(attempt);
    } catch (error) {
      this.#deps.log.error("execute() rejected; it must resolve to an outcome", {
        job_id: attempt.request.id,
        request_id: attempt.request.requestId ?? undefined,
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

  async #tell(attempt: BullAttempt, outcome: Outcome, place: Place): Promise<void> {
    try {
      if (place === "finished") await this.#options.onFinished?.(attempt, outcome);
      if (place === "lost") await this.#options.onDiscarded?.(attempt);
    } catch (error) {
      this.#deps.log.warn("cleaning up after an attempt failed; the sweeper will do it", {
        job_id: attempt.request.id,
        request_id: attempt.request.requestId ?? undefined,
        attempt: attempt.number,
        error,
      });
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

  async #noteLostWorker(id: JobId): Promise<void> {
    const { link, keys, log } = this.#deps;
    try {
      const attempt = await noteLostWorker(link, keys, { processor: this.#processor, id });
      if (attempt > 0)
        log.warn("the worker of a job was lost; the job is back in line", {
          job_id: id,
          processor: this.#processor,
          attempt,
        });
    } catch (error) {
      log.debug("a lost worker could not be noted; the next attempt will", { job_id: id, error });
    }
  }

  async #lookForCancelMarks(): Promise<void> {
    for (const attempt of this.#attempts.values()) {
      const isRequested = await attempt.isCancelRequested().catch(() => false); // Redis is away: asked again in a moment
      if (isRequested) attempt.stop("cancelled");
    }
  }

  async #rest(): Promise<void> {
    const isSpinning = this.#errorsThisSecond > MAX_ERRORS_A_SECOND;
    this.#errorsThisSecond = 0;
    if (!isSpinning || this.#isPaused || this.#drained !== undefined) return;
    await this.#worker.pause(true);
    await sleep(1_000);
    if (this.#drained === undefined && !this.#isPaused) this.#worker.resume();
  }
}

function readRequest(job: BullJob): JobRequest | undefined {
  const counts = [
    job.attemptsStarted - 1,
    job.attemptsMade,
    job.stalledCounter,
    (job.opts.attempts ?? 0) - 1,
  ];
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) return undefined;
  try {
    return decodeRequest(parseJobId(job.id ?? ""), job.data);
  } catch {
    return undefined; // not ours, or damaged: DamagedJobs says which
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
