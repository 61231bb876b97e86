import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "@drover/core";
import { type Job as BullJob, Worker } from "bullmq";
import { takeTurnsOn } from "../line-scripts.js";
import { errorReporter } from "../redis-connections.js";
import { boundBlockingReads, stampEndsBy, tokenPrefixOf } from "./bullmq-internals.js";
import type { LeaseTimes } from "./lease-times.js";
import { delayOf } from "./record-outcome.js";
import { WorkerConnection } from "./worker-connection.js";

/** A job that was lost with its worker this often fails as `worker_lost`: it may well be what kills them. */
const MAX_LOST_WORKERS = 10;

/**
 * BullMQ's fetch loop spins when the server refuses every command; past this many errors in a second it rests
 * for one.
 */
const MAX_ERRORS_A_SECOND = 10;

/**
 * How long BullMQ gets to close once its connection is gone: it never comes back from one that is being
 * remade. In ms.
 */
const CLOSE_MS = 500;

export interface BullWorkerOptions {
  readonly processor: string;
  /** BullMQ's prefix of the queue. */
  readonly prefix: string;
  readonly url: string;
  readonly workerId: string;
  readonly slots: number;
  readonly lease: LeaseTimes;
  /** The server's wall time. */
  readonly now: () => number;
  readonly log: Log;
  /** Moves the job itself, as `wasMoved` says. */
  readonly process: (job: BullJob, token: string) => Promise<void>;
  readonly onError: (error: Error) => void;
  /** The job was found without its worker. */
  readonly onStalled: (id: string) => void;
  readonly onLeasesLost: (ids: readonly string[]) => void;
}

/**
 * BullMQ's worker of one queue with the connection that it lives on. Takes jobs from when it is made until
 * `close`, and not while paused.
 */
export class BullWorker {
  readonly #worker: Worker;
  readonly #connection: WorkerConnection;
  readonly #timer: NodeJS.Timeout;
  #closed: Promise<void> | undefined;
  #isPaused = false;
  #errorsThisSecond = 0;

  constructor(options: BullWorkerOptions) {
    const { processor, lease, log } = options;
    this.#connection = new WorkerConnection(options.url, log, {
      purpose: `worker of ${processor}`,
      socketTimeoutMs: lease.silenceMs,
    });
    takeTurnsOn(this.#connection.client);
    this.#worker = new Worker(processor, (job, token) => options.process(job, token ?? ""), {
      connection: this.#connection.client,
      prefix: options.prefix,
      name: options.workerId,
      concurrency: options.slots,
      lockDuration: lease.leaseMs,
      stalledInterval: lease.stalledCheckMs,
      maxStalledCount: MAX_LOST_WORKERS,
      drainDelay: lease.blockMs / 1_000,
      runRetryDelay: 500,
      settings: { backoffStrategy: (_attempts, _type, error) => delayOf(error) },
    });
    stampEndsBy(this.#worker, options.now);
    boundBlockingReads(this.#worker, lease.blockMs);
    this.#connection.watch();
    this.#listen(options);
    this.#timer = setInterval(() => void this.#rest(), 1_000);
  }

  /** How its lock tokens begin. */
  get tokenPrefix(): string {
    return tokenPrefixOf(this.#worker);
  }

  /** Whether it takes further jobs now. */
  get isTaking(): boolean {
    return !this.#isPaused && this.#closed === undefined;
  }

  pause(): void {
    this.#isPaused = true;
    void this.#worker.pause(true);
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#closed === undefined) this.#worker.resume();
  }

  /**
   * Takes nothing more and goes on renewing leases; resolves when what runs has ended. With Redis away it may
   * never.
   */
  close(): Promise<void> {
    this.#closed ??= this.#worker.close();
    return this.#closed;
  }

  /** Gives up the connection, whatever runs. */
  async disconnect(): Promise<void> {
    const closed = this.close();
    this.#connection.close();
    const isClosed = new AbortController();
    const tooLong = sleep(CLOSE_MS, undefined, { signal: isClosed.signal }).catch(() => {});
    await Promise.race([closed, tooLong]);
    isClosed.abort();
    clearInterval(this.#timer);
  }

  #listen({ processor, log, onError, onStalled, onLeasesLost }: BullWorkerOptions): void {
    const report = errorReporter(log, `worker of ${processor}`);
    this.#worker.on("error", (error) => {
      this.#errorsThisSecond += 1;
      report(error);
      onError(error);
    });
    this.#worker.on("stalled", onStalled);
    this.#worker.on("lockRenewalFailed", onLeasesLost);
  }

  async #rest(): Promise<void> {
    const isSpinning = this.#errorsThisSecond > MAX_ERRORS_A_SECOND;
    this.#errorsThisSecond = 0;
    if (!isSpinning || !this.isTaking) return;
    await this.#worker.pause(true);
    await sleep(1_000);
    if (this.isTaking) this.#worker.resume();
  }
}
