import type { Attempt, Clock, Consumer, Log, QueuePorts, WorkerInfo } from "@drover/core";
import type { Processor } from "@drover/processor-sdk";
import { type Executor, fieldsOf } from "./attempts/execute.js";
import type { Runner } from "./children/runner.js";
import { trouble } from "./log.js";
import { describeProcessor } from "./processor-modules.js";
import { type Repetition, repeat } from "./repeat.js";
import type { Obstacle, StorageWatch } from "./storage-watch.js";

/** Time between two heartbeats, in ms; the catalogue takes a worker for dead after 15 s. */
const HEARTBEAT_MS = 5_000;
/** Time to the next heartbeat after one failed, or while something is wrong with the storage, in ms. */
const HEARTBEAT_RETRY_MS = 1_000;

/** `ready`, or why a worker takes no jobs. */
export type WorkerState = "ready" | "no_redis" | "draining" | Obstacle;

/** One processor as the worker serves it. */
export interface Station {
  readonly processor: Processor;
  readonly runner: Runner;
  readonly executor: Executor;
}

export interface WorkerDeps {
  readonly info: WorkerInfo;
  readonly stations: readonly Station[];
  readonly queue: Pick<QueuePorts, "attempts" | "catalogue">;
  /** Says whether the worker may run jobs on its storage. */
  readonly storage: StorageWatch;
  readonly retry: { readonly baseDelayMs: number; readonly maxDelayMs: number };
  readonly clock: Clock;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
  /** Called once, when it takes jobs and its heartbeat arrived. */
  readonly onReady: () => void;
}

/**
 * Takes jobs of its processors, `info.slots` at a time of each, and says that it lives.
 *
 * `start()` waits for nothing: with Redis away the heartbeat is tried again every second. Jobs are taken from the first heartbeat on that
 * finds Redis and storage to belong together, and not while they do not; a job that comes on the way is given back. `drain()` takes no new job, gives
 * the running attempts its deadline, then sends them back to the queue; it resolves when all have ended. Both may be called twice, and
 * `drain()` before `start()`.
 */
export class Worker {
  readonly #deps: WorkerDeps;
  #consumers: readonly Consumer[] = [];
  #heartbeat: Repetition | undefined;
  #lastBeatAt: number | undefined;
  #obstacle: Obstacle | undefined;
  #isReady = false;
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

  /** Whether it takes jobs: not draining, its heartbeat arrived within the last 15 s, and nothing is wrong with its storage. */
  get state(): WorkerState {
    if (this.#draining !== undefined) return "draining";
    const isHeard =
      this.#lastBeatAt !== undefined && this.#deps.clock.monotonicMs() - this.#lastBeatAt < 15_000;
    return isHeard ? (this.#obstacle ?? "ready") : "no_redis";
  }

  drain(deadlineMs: number): Promise<void> {
    this.#draining ??= this.#drain(deadlineMs);
    return this.#draining;
  }

  #consume({ processor, executor }: Station): Consumer {
    const { info, queue, retry, log } = this.#deps;
    const guard = async (attempt: Attempt, work: () => Promise<void>) => {
      await work().catch((error: unknown) => {
        log.warn("Files of an attempt are left for the sweeper", { ...fieldsOf(attempt), error });
      });
    };
    return queue.attempts.consume(
      processor.name,
      {
        slots: info.slots,
        workerId: info.id,
        retry,
        onFinished: (attempt) => guard(attempt, () => executor.onFinished(attempt)),
        onDiscarded: (attempt) => guard(attempt, () => executor.onDiscarded(attempt)),
      },
      async (attempt) => ((await this.#mayRun(attempt)) ? executor.execute(attempt) : { kind: "released" }),
    );
  }

  /** Asked for each attempt: the Redis that it came from may be another one than at the last heartbeat. */
  async #mayRun({ request }: Attempt): Promise<boolean> {
    const { storage, quietLog } = this.#deps;
    const obstacle = await storage.obstacle().catch(() => "no_redis" as const);
    if (obstacle === undefined) return true;
    quietLog.warn("Job given back: Redis and storage do not belong together, or one is away", {
      job_id: request.id,
      code: obstacle,
    });
    if (obstacle !== "no_redis") this.#take(obstacle);
    return false;
  }

  /** Takes jobs unless there is an obstacle. */
  #take(obstacle: Obstacle | undefined): void {
    if (this.#draining !== undefined) return;
    this.#obstacle = obstacle;
    if (obstacle !== undefined) for (const consumer of this.#consumers) consumer.pause();
    else if (this.#consumers.length > 0) for (const consumer of this.#consumers) consumer.resume();
    else this.#consumers = this.#deps.stations.map((station) => this.#consume(station));
  }

  async #beat(): Promise<number> {
    const { queue, info, stations, storage, quietLog, clock } = this.#deps;
    let obstacle: Awaited<ReturnType<typeof storage.look>>;
    try {
      obstacle = await storage.look();
      this.#take(obstacle);
      await queue.catalogue.announce(
        { ...info, sharesStorage: obstacle === undefined },
        stations.map(({ processor }) => describeProcessor(processor)),
      );
    } catch (error) {
      quietLog.warn("Heartbeat failed; the worker goes on and tries again", trouble(error));
      return HEARTBEAT_RETRY_MS;
    }
    this.#lastBeatAt = clock.monotonicMs();
    if (!this.#isReady && this.state === "ready") {
      this.#isReady = true;
      this.#deps.onReady();
    }
    return obstacle === undefined ? HEARTBEAT_MS : HEARTBEAT_RETRY_MS;
  }

  async #drain(deadlineMs: number): Promise<void> {
    const { queue, info, stations, log } = this.#deps;
    log.info("Worker draining", { worker: info.id, running: this.running, deadline_ms: deadlineMs });
    const drained = this.#consumers.map((consumer) => consumer.drain(deadlineMs)); // first: takes no new job from here on
    await this.#heartbeat?.stop();
    const withdrawn = queue.catalogue.withdraw(info.id).catch((error: unknown) => {
      log.warn("The worker could not sign off; its heartbeat expires within 15 s", trouble(error));
    });
    await Promise.all(drained);
    await Promise.all(stations.map(({ runner }) => runner.close()));
    await withdrawn;
    log.info("Worker drained", { worker: info.id });
  }
}
