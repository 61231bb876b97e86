import {
  type Attempt,
  type Clock,
  type Consumer,
  DomainError,
  jobFields,
  type Log,
  type QueuePorts,
  type WorkerInfo,
} from "@drover/core";
import { errorFields } from "@drover/log";
import type { Processor } from "@drover/processor-sdk";
import type { Executor } from "./attempts/execute.js";
import type { Runner } from "./children/runner.js";
import { describeProcessor } from "./processor-modules.js";
import { residentBytesOf } from "./resident-memory.js";
import type { Obstacle, StorageWatch } from "./storage-watch.js";
import { type Repetition, repeat } from "./timers.js";

/** Time between two heartbeats, in ms. */
const HEARTBEAT_MS = 5_000;
/** The catalogue takes a worker for dead this long after its last heartbeat, in ms. */
const HEARTBEAT_TTL_MS = 15_000;
/** Time to the next heartbeat after one failed, or while something is wrong with the storage, in ms. */
const HEARTBEAT_RETRY_MS = 1_000;

/** `ready`, or why a worker takes no jobs. */
export type WorkerState = "ready" | "no_redis" | "draining" | Obstacle;

/** A processor with what runs it. */
export interface ServedProcessor {
  readonly processor: Processor;
  readonly runner: Runner;
  readonly executor: Executor;
}

export interface WorkerDeps {
  readonly info: WorkerInfo;
  readonly served: readonly ServedProcessor[];
  readonly queue: Pick<QueuePorts, "attempts" | "catalogue">;
  /** Says whether the worker may run jobs on its storage. */
  readonly storage: StorageWatch;
  readonly retry: { readonly baseDelayMs: number; readonly maxDelayMs: number };
  /** Most jobs of one tenant that run at a time, of each processor; `null` for any number. */
  readonly runningJobs: number | null;
  readonly clock: Clock;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
  /** Called once, when a heartbeat tells that an operator wants the worker to stop. */
  readonly onDrainAsked: () => void;
  /** Called once, when the worker takes jobs and its heartbeat has arrived. */
  readonly onReady: () => void;
}

/**
 * Takes jobs of its processors, `info.slots` at a time of each, and sends heartbeats.
 *
 * `start()` waits for nothing: with Redis away the heartbeat is tried again every second. Jobs are taken
 * while the heartbeat finds Redis and storage to belong together; one that was on its way when they ceased to
 * is given back. `drain()` takes no new job, gives the running attempts its deadline, then sends them back to
 * the queue; it resolves when all have ended. Both may be called twice, and `drain()` before `start()`.
 */
export class Worker {
  readonly #deps: WorkerDeps;
  #consumers: readonly Consumer[] = [];
  #heartbeat: Repetition | undefined;
  #lastBeatAt: number | undefined;
  #obstacle: Obstacle | undefined;
  #advice: string | undefined;
  #isReady = false;
  #isDrainAsked = false;
  #draining: Promise<void> | undefined;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#heartbeat !== undefined || this.#draining !== undefined) return;
    const { info, log } = this.#deps;
    this.#heartbeat = repeat(() => this.#beat(), this.#deps.clock);
    log.info("Worker started", { worker: info.id, processors: info.processors, slots: info.slots });
  }

  /** Attempts that run now. */
  get running(): number {
    return this.#consumers.reduce((sum, consumer) => sum + consumer.running, 0);
  }

  /** Attempts that run now, by processor. */
  get runningOf(): ReadonlyMap<string, number> {
    const names = this.#deps.info.processors;
    return new Map(names.map((name, index) => [name, this.#consumers[index]?.running ?? 0]));
  }

  /**
   * `ready` when it is not draining, a heartbeat arrived in the last 15 s, and nothing is wrong with its
   * storage.
   */
  get state(): WorkerState {
    if (this.#draining !== undefined) return "draining";
    const isHeard =
      this.#lastBeatAt !== undefined && this.#deps.clock.monotonicMs() - this.#lastBeatAt < HEARTBEAT_TTL_MS;
    return isHeard ? (this.#obstacle ?? "ready") : "no_redis";
  }

  /** What an operator has to put right, where the last heartbeat failed of that. */
  get advice(): string | undefined {
    return this.#advice;
  }

  drain(deadlineMs: number): Promise<void> {
    this.#draining ??= this.#drain(deadlineMs);
    return this.#draining;
  }

  async #beat(): Promise<number> {
    const { queue, info, served, storage, quietLog, clock } = this.#deps;
    let obstacle: Awaited<ReturnType<typeof storage.look>>;
    try {
      obstacle = await storage.look();
      this.#setObstacle(obstacle);
      const { isDrainAsked } = await queue.catalogue.announce(
        { ...info, sharesStorage: obstacle === undefined, residentBytes: await residentBytesOf(served) },
        served.map(({ processor }) => describeProcessor(processor)),
      );
      if (isDrainAsked && !this.#isDrainAsked) this.#deps.onDrainAsked();
      this.#isDrainAsked = isDrainAsked;
    } catch (error) {
      this.#advice = error instanceof DomainError ? error.advice : undefined;
      quietLog.warn("Heartbeat failed; the worker goes on and tries again", errorFields(error));
      return HEARTBEAT_RETRY_MS;
    }
    this.#lastBeatAt = clock.monotonicMs();
    this.#advice = undefined;
    if (!this.#isReady && this.state === "ready") {
      this.#isReady = true;
      this.#deps.onReady();
    }
    return obstacle === undefined ? HEARTBEAT_MS : HEARTBEAT_RETRY_MS;
  }

  /** Takes jobs, or none while there is an obstacle. */
  #setObstacle(obstacle: Obstacle | undefined): void {
    if (this.#draining !== undefined) return;
    this.#obstacle = obstacle;
    if (obstacle !== undefined) for (const consumer of this.#consumers) consumer.pause();
    else if (this.#consumers.length > 0) for (const consumer of this.#consumers) consumer.resume();
    else this.#consumers = this.#deps.served.map((processor) => this.#consume(processor));
  }

  #consume({ processor, executor }: ServedProcessor): Consumer {
    const { info, queue, retry, runningJobs, log } = this.#deps;
    const guard = async (attempt: Attempt, work: () => Promise<void>) => {
      await work().catch((error: unknown) => {
        log.warn("Files of an attempt are left for the sweeper", {
          ...jobFields(attempt.request, attempt.number),
          error,
        });
      });
    };
    return queue.attempts.consume(
      processor.name,
      {
        slots: info.slots,
        workerId: info.id,
        retry,
        runningJobs,
        onFinished: (attempt) => guard(attempt, () => executor.onFinished(attempt)),
        onDiscarded: (attempt) => guard(attempt, () => executor.onDiscarded(attempt)),
      },
      async (attempt) => ((await this.#mayRun(attempt)) ? executor.execute(attempt) : { kind: "released" }),
    );
  }

  /** Whether Redis and storage belong together now: Redis may have been switched since the last heartbeat. */
  async #mayRun({ request, number }: Attempt): Promise<boolean> {
    const { storage, quietLog } = this.#deps;
    const obstacle = await storage.obstacle().catch(() => "no_redis" as const);
    if (obstacle === undefined) return true;
    quietLog.warn("Job given back: Redis and storage do not belong together, or one is away", {
      ...jobFields(request, number),
      code: obstacle,
    });
    if (obstacle !== "no_redis") this.#setObstacle(obstacle);
    return false;
  }

  async #drain(deadlineMs: number): Promise<void> {
    const { queue, info, served, log } = this.#deps;
    log.info("Worker draining", { worker: info.id, running: this.running, deadline_ms: deadlineMs });
    // First: takes no new job from here on.
    const drained = this.#consumers.map((consumer) => consumer.drain(deadlineMs));
    await this.#heartbeat?.stop();
    const withdrawn = queue.catalogue.withdraw(info.id).catch((error: unknown) => {
      log.warn("The worker could not sign off; its heartbeat expires within 15 s", errorFields(error));
    });
    await Promise.all(drained);
    await Promise.all(served.map(({ runner }) => runner.close()));
    await withdrawn;
    log.info("Worker drained", { worker: info.id });
  }
}
