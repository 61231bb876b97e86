import { setTimeout as sleep } from "node:timers/promises";
import type { Attempt, ConsumeOptions, Consumer, JobId, JobRequest, Log, Outcome } from "@drover/core";
import { type Job as BullJob, WaitingError, Worker } from "bullmq";
import type { RedisKeys } from "../keys.js";
import { patientConnection, type RedisLink, rateLimited } from "../redis.js";
import { BullAttempt } from "./attempt.js";
import { noteLostWorker } from "./history.js";
import type { LeaseTimes } from "./lease.js";
import { delayOf, recordOutcome } from "./record.js";

/** A job that was lost with its worker this often fails as `worker_lost`: it may well be what kills them. */
const MAX_LOST_WORKERS = 10;

/** Cancel marks are looked for this often, whether or not the fast signal came. */
const CANCEL_CHECK_MS = 500;

/** BullMQ's fetch loop spins when the server refuses every command; past this many errors in a second it rests for one. */
const MAX_ERRORS_A_SECOND = 10;

/** A connection without an answer for this long is made anew. */
const SILENCE_LIMIT_MS = 30_000;

/** What a consumer is made of. */
export interface ConsumerDeps {
  readonly url: string;
  readonly keys: RedisKeys;
  readonly link: RedisLink;
  readonly log: Log;
  readonly random: () => number;
  readonly lease: LeaseTimes;
  /** Calls the listener with the id of each job that somebody asked to cancel; answers how to stop listening. */
  onCancelSignal(listener: (id: string) => void): () => void;
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
  readonly #connection: ReturnType<typeof patientConnection>;
  readonly #attempts = new Map<string, BullAttempt>();
  readonly #stopListening: () => void;
  readonly #timers: readonly NodeJS.Timeout[];
  #drained: Promise<void> | undefined;
  #errorsThisSecond = 0;
  #lastAnswerAt = performance.now();

  constructor(processor: string, options: ConsumeOptions, execute: Execute, deps: ConsumerDeps) {
    this.#processor = processor;
    this.#options = options;
    this.#execute = execute;
    this.#deps = deps;
    this.#connection = patientConnection(deps.url, deps.log, `worker of ${processor}`);
    this.#worker = new Worker(processor, (job, token) => this.#process(job, token ?? ""), {
      connection: this.#connection,
      prefix: deps.keys.queuePrefix(processor),
      name: options.workerId,
      concurrency: options.slots,
      lockDuration: deps.lease.leaseMs,
      stalledInterval: deps.lease.stalledCheckMs,
      maxStalledCount: MAX_LOST_WORKERS,
      runRetryDelay: 500,
      settings: { backoffStrategy: (_attempts, _type, error) => delayOf(error) },
    });
    this.#listen();
    this.#stopListening = deps.onCancelSignal((id) => this.#attempts.get(id)?.stop("cancelled"));
    this.#timers = [
      setInterval(() => void this.#lookForCancelMarks(), CANCEL_CHECK_MS),
      setInterval(() => void this.#rest(), 1_000),
      setInterval(() => void this.#watchConnection(), SILENCE_LIMIT_MS / 6),
    ];
  }

  get running(): number {
    return this.#attempts.size;
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
    const timer = setTimeout(abort, deadlineMs);
    await closed;
    clearTimeout(timer);
    for (const interval of this.#timers) clearInterval(interval);
    this.#stopListening();
    this.#connection.disconnect();
  }

  #listen(): void {
    const report = rateLimited(this.#deps.log, `worker of ${this.#processor}`);
    this.#worker.on("error", (error) => {
      this.#errorsThisSecond += 1;
      report(error);
    });
    this.#worker.on("stalled", (id) => void this.#noteLostWorker(id as JobId)); // BullMQ ids are the ids of submit
    this.#worker.on("lockRenewalFailed", (ids) => {
      for (const id of ids) void this.#reclaim(id);
    });
    this.#worker.on("locksRenewed", () => {
      this.#lastAnswerAt = performance.now();
    });
  }

  async #process(job: BullJob, token: string): Promise<never> {
    const attempt = this.#attemptOf(job, token);
    this.#attempts.set(attempt.request.id, attempt);
    try {
      if (job.stalledCounter > 0) await this.#noteLostWorker(attempt.request.id);
      await attempt.begin();
      const outcome = await this.#outcomeOf(attempt);
      const place = await recordOutcome({
        job,
        token,
        attempt,
        outcome,
        retry: this.#options.retry,
        random: this.#deps.random,
        log: this.#deps.log,
      });
      await this.#tell(attempt, outcome, place);
    } finally {
      this.#attempts.delete(attempt.request.id);
    }
    throw new WaitingError(); // BullMQ's word for "the job was moved already"
  }

  #attemptOf(job: BullJob, token: string): BullAttempt {
    const data = job.data as Omit<JobRequest, "id">; // written by encodeRequest
    const request: JobRequest = { ...data, id: job.id as JobId };
    return new BullAttempt({
      ...this.#deps,
      request,
      number: job.attemptsStarted,
      token,
      workerId: this.#options.workerId,
    });
  }

  async #outcomeOf(attempt: BullAttempt): Promise<Outcome> {
    if (await attempt.isCancelRequested()) return { kind: "cancelled" };
    try {
      return await this.#execute(attempt);
    } catch (error) {
      this.#deps.log.error("execute() rejected; it must resolve to an outcome", {
        job_id: attempt.request.id,
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

  async #tell(attempt: BullAttempt, outcome: Outcome, place: "finished" | "queued" | "lost"): Promise<void> {
    try {
      if (place === "finished") await this.#options.onFinished?.(attempt, outcome);
      if (place === "lost") await this.#options.onDiscarded?.(attempt);
    } catch (error) {
      this.#deps.log.warn("cleaning up after an attempt failed; the sweeper will do it", {
        job_id: attempt.request.id,
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
    if (!isSpinning || this.#drained !== undefined) return;
    await this.#worker.pause(true);
    await sleep(1_000);
    if (this.#drained === undefined) await this.#worker.resume();
  }

  async #watchConnection(): Promise<void> {
    if (this.#connection.status !== "ready") {
      this.#lastAnswerAt = performance.now(); // reconnecting already
      return;
    }
    const answer = this.#connection.ping().then(() => {
      this.#lastAnswerAt = performance.now();
    });
    await Promise.race([answer.catch(() => {}), sleep(SILENCE_LIMIT_MS / 6)]);
    if (performance.now() - this.#lastAnswerAt < SILENCE_LIMIT_MS) return;
    this.#deps.log.warn("no answer from Redis for 30 s; connecting anew", { processor: this.#processor });
    this.#connection.disconnect(true);
  }
}
