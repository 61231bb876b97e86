import {
  type BlobStore,
  type Clock,
  DomainError,
  type EventSink,
  type Log,
  NO_EVENTS,
  type QueuePorts,
  type StorageSpace,
} from "@drover/core";
import { settleManifest } from "@drover/job-files";
import { errorFields } from "@drover/log";
import { type Repetition, repeat } from "../timers.js";
import { createArtifactPart, createTombstonePart, lookUpJob } from "./orphans.js";
import { Reconciler } from "./reconciler.js";
import { expireJobs } from "./retention.js";
import { hasDone, type Swept, tellOfSweep } from "./swept.js";
import { CheckedFolders, type Part, type Slice, TurnOver } from "./walk.js";

/**
 * What removes what, and when. One process at a time does it, the one that holds the lease `sweeper` in
 * Redis; its cost does not grow with the number of workers. All of it can be repeated and can die anywhere:
 * the next sweep goes on.
 *
 * | what | goes when | by |
 * |---|---|---|
 * | job in Redis, its history and logs | its retention after its end, unless a retry came first | retention.ts |
 * | artifacts, input and manifest of that job | right after it | retention.ts, else reconciler.ts |
 * | input file of a completed job | when end and settled manifest are safe | settler.ts, else reconciler.ts |
 * | job that waits past its queue deadline | fails as `queue_timeout` within 5 s | here, and every api |
 * | all of a job that a person deleted | at once; what came back, at the next sweep | the api, else orphans.ts |
 * | tombstone of a deleted job | a day after the longest retention | orphans.ts |
 * | upload without a manifest, or the second upload of a job | `DROVER_ORPHAN_GRACE` | reconciler.ts |
 * | upload whose manifest cannot be read | the longest retention | reconciler.ts |
 * | attempt's files that its known job does not point at | `DROVER_ORPHAN_GRACE` | orphans.ts |
 * | attempt's files of a job that Redis does not know | the longest retention | orphans.ts |
 *
 * Files are looked through in turns of 20 s, one of each kind in a sweep, until all were seen. A look that took
 * over 5 s in all rests for nine times as long before the next, `DROVER_ORPHAN_GRACE` at most, unless Redis has
 * lost something.
 *
 * And what is restored, from the manifest beside the input (reconciler.ts; the first two rows also by the
 * api, for a submit that is repeated with its Idempotency-Key before a sweep came by):
 *
 * | manifest | job in Redis | becomes |
 * |---|---|---|
 * | not settled | none | queued again |
 * | settled | none, waiting, or at an earlier end | finished as it says; opened if a retry undid that end |
 * | not settled | finished | the manifest is settled |
 * | opened for a retry of this very end | finished | queued again: the retry was promised |
 * | any, with a tombstone | any | removed |
 */
export interface SweeperDeps {
  readonly queue: Pick<
    QueuePorts,
    | "jobs"
    | "finished"
    | "facts"
    | "catalogue"
    | "health"
    | "leases"
    | "deadlines"
    | "clock"
    | "statistics"
    | "use"
    | "storageHistory"
  >;
  readonly blobs: BlobStore;
  readonly retentionMs: { readonly completed: number; readonly failed: number };
  readonly orphanGraceMs: number;
  /** Processors that are swept whether or not the catalogue knows them. */
  readonly processors: readonly string[];
  readonly clock: Clock;
  readonly intervalMs: number;
  /** How long the lease lasts, in ms; another process sweeps that much after this one died. */
  readonly leaseMs: number;
  /**
   * Longest turn of one part in a sweep, in ms. Default 20 s, so that retention does not wait for a large
   * store.
   */
  readonly turnMs?: number;
  /** Unique among processes. */
  readonly holder: string;
  /** Throws when nothing may be erased or restored, because store and Redis do not belong together. */
  readonly assertMayErase: () => Promise<void>;
  /** Reads the clock that the store stamps files with, in ms since the epoch. */
  readonly readFileTime: () => Promise<number>;
  /** How full the storage is; noted after each sweep. Default: it is not. */
  readonly space?: () => Promise<StorageSpace>;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
  /** Told what each sweep did. Default: nobody is. */
  readonly events?: EventSink;
}

/** Name of the lease. */
export const SWEEPER = "sweeper";
/** The longest that a sweep relies on what an earlier one saw, in ms. */
const RECHECK_MS = 5 * 60_000;
const TURN_MS = 20_000;
/** Late jobs that are ended at a time. */
const LATE_JOBS = 100;

/**
 * Sweeps in the process that holds the lease, again and again; in all others it asks for the lease. `stop`
 * gives it back.
 */
export function startSweeper(deps: SweeperDeps): Repetition {
  const { queue, clock, holder, leaseMs, intervalMs, assertMayErase, quietLog } = deps;
  const hold = async () => {
    await assertMayErase(); // first: nothing is written into another installation's Redis
    return queue.leases.hold(SWEEPER, holder, leaseMs);
  };
  const tickMs = Math.min(leaseMs / 3, intervalMs);
  let turn: { readonly sweeper: Sweeper; sweptAt: number } | undefined;
  const rounds = repeat(async (signal) => {
    const isLeader = await hold().catch((error: unknown) => {
      quietLog.warn("Sweep put off; it is tried again", errorFields(error));
      return false;
    });
    if (!isLeader) {
      await turn?.sweeper.close();
      turn = undefined;
      return tickMs;
    }
    turn ??= { sweeper: new Sweeper(deps), sweptAt: Number.NEGATIVE_INFINITY };
    if (clock.monotonicMs() - turn.sweptAt < intervalMs) return tickMs;
    turn.sweptAt = clock.monotonicMs();
    await turn.sweeper.sweep(signal);
    return tickMs;
  }, clock);
  return {
    async stop() {
      await rounds.stop();
      await turn?.sweeper.close();
      await queue.leases.release(SWEEPER, holder).catch(() => {}); // it runs out by itself
    },
  };
}

/** The parts of a sweep with their cursors. */
export class Sweeper {
  readonly #deps: SweeperDeps;
  readonly #reconciler: Reconciler;
  readonly #tombstones: Part<number>;
  readonly #artifacts: Part<number>;
  #fileNow: () => number = Date.now;
  #isMeasured = false;
  /** Whether every part of the sweep that runs was done. */
  #isWhole = true;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
    const confirmed = new CheckedFolders(Math.min(RECHECK_MS, deps.orphanGraceMs), deps.clock.monotonicMs);
    const parts = { ...deps, confirmed, fileNow: () => this.#fileNow() };
    this.#reconciler = new Reconciler(parts);
    this.#tombstones = createTombstonePart(parts);
    this.#artifacts = createArtifactPart(parts);
  }

  /** One sweep. Never rejects: a part that fails is logged and tried again next time; the others go on. */
  async sweep(signal: AbortSignal): Promise<Swept> {
    const { clock, log, events = NO_EVENTS } = this.#deps;
    const startedAt = clock.monotonicMs();
    this.#isWhole = true;
    const slice = this.#slice(signal);
    const nothing = { restored: 0, settled: 0, inputsRemoved: 0 };
    const jobsLate = await this.#part("late jobs", 0, () => this.#failLate(slice()));
    const jobsExpired = await this.#part("expired jobs", 0, () => expireJobs(this.#deps, slice()));
    const isTimed = await this.#part("file times", false, () => this.#measure());
    const onFiles = <T>(part: string, otherwise: T, work: () => Promise<T>) =>
      isTimed ? this.#part(part, otherwise, work) : Promise.resolve(otherwise);
    const jobsBuried = await onFiles("deleted jobs", 0, () => this.#tombstones.run(slice()));
    const reconciled = await onFiles("inputs", nothing, () => this.#reconciler.run(slice()));
    const attemptsRemoved = await onFiles("artifacts", 0, () => this.#artifacts.run(slice()));
    const swept: Swept = { jobsLate, jobsExpired, jobsBuried, ...reconciled, attemptsRemoved };
    await this.#part("storage", undefined, () => this.#noteSpace());
    if (hasDone(swept)) log.info("Swept", { ...swept });
    tellOfSweep(events, swept, { isWhole: this.#isWhole, durationMs: clock.monotonicMs() - startedAt });
    return swept;
  }

  async #part<T>(part: string, otherwise: T, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#isWhole = false;
      const { quietLog } = this.#deps;
      if (error instanceof TurnOver) quietLog.info("Another process sweeps now");
      else quietLog.warn(`Sweep of ${part} failed; the next one tries again`, errorFields(error));
      return otherwise;
    }
  }

  /** Gives up the places of its parts. */
  async close(): Promise<void> {
    for (const kind of ["inputs", "artifacts"] as const) this.#deps.events?.emit("store.seen", { kind });
    await Promise.all([this.#tombstones, this.#reconciler, this.#artifacts].map((part) => part.close()));
  }

  #slice(signal: AbortSignal): () => Slice {
    const { clock, quietLog, turnMs = TURN_MS } = this.#deps;
    const { monotonicMs } = clock;
    const mayGoOn = () => this.#mayGoOn();
    return () => {
      this.#askedAt = Number.NEGATIVE_INFINITY;
      return { signal, untilMs: monotonicMs() + turnMs, monotonicMs, mayGoOn, log: quietLog };
    };
  }

  async #mayGoOn(): Promise<void> {
    const { queue, holder, leaseMs, clock, assertMayErase } = this.#deps;
    if (clock.monotonicMs() - this.#askedAt < leaseMs / 3) return;
    this.#askedAt = clock.monotonicMs();
    await assertMayErase();
    if (!(await queue.leases.hold(SWEEPER, holder, leaseMs))) throw new TurnOver();
  }

  async #failLate(slice: Slice): Promise<number> {
    const { jobs, deadlines, statistics } = this.#deps.queue;
    let count = 0;
    for (let isMore = true; isMore && !slice.signal.aborted; ) {
      await slice.mayGoOn();
      const late = await deadlines.failLate(LATE_JOBS);
      for (const id of late) {
        const job = await lookUpJob(this.#deps.queue, id);
        if (job === undefined || job === "damaged") continue;
        await statistics.count(job);
        await settleManifest(job, this.#deps.blobs, () => jobs.get(id));
      }
      count += late.length;
      isMore = late.length === LATE_JOBS;
    }
    return count;
  }

  async #noteSpace(): Promise<undefined> {
    const { space, queue } = this.#deps;
    if (space !== undefined) await queue.storageHistory.note(await space());
  }

  async #measure(): Promise<boolean> {
    await this.#mayGoOn();
    try {
      const { readFileTime, clock } = this.#deps;
      const stamp = await readFileTime();
      const readAt = clock.monotonicMs();
      this.#fileNow = () => stamp + (clock.monotonicMs() - readAt);
      this.#isMeasured = true;
    } catch (error) {
      // What an earlier sweep measured is good enough to make room by.
      if (!this.#isMeasured || !(error instanceof DomainError) || error.code !== "storage_full") throw error;
    }
    return true;
  }
}
