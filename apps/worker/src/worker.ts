import type { Attempt, Clock, Consumer, Log, QueuePorts, WorkerInfo } from "@drover/core";
import type { Processor } from "@drover/processor-sdk";
import type { Executor } from "./execute.js";
import { trouble } from "./log.js";
import { describeProcessor } from "./processors.js";
import { type Repetition, repeat } from "./repeat.js";
import type { Runner } from "./runner/runner.js";

/** Time between two heartbeats, in ms; the catalogue takes a worker for dead after 15 s. */
const HEARTBEAT_MS = 5_000;
/** Time to the next try after a heartbeat failed, in ms. */
const HEARTBEAT_RETRY_MS = 1_000;

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
  readonly retry: { readonly baseDelayMs: number; readonly maxDelayMs: number };
  readonly clock: Clock;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
  /** Called once, with the first heartbeat that arrived. */
  readonly onReady: () => void;
}

/**
 * Takes jobs of its processors, `info.slots` at a time of each, and says that it lives.
 *
 * `start()` waits for nothing: with Redis away the consumers wait for it and the heartbeat is tried again every second. `drain()` takes no
 * new job, gives the running attempts its deadline, then sends them back to the queue; it resolves when all have ended. Both may be
 * called twice, and `drain()` before `start()`.
 */
export class Worker {
  readonly #deps: WorkerDeps;
  #consumers: readonly Consumer[] = [];
  #heartbeat: Repetition | undefined;
  #lastBeatAt: number | undefined;
  #draining: Promise<void> | undefined;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#heartbeat !== undefined || this.#draining !== undefined) return;
    const { info, stations, log } = this.#deps;
    this.#consumers = stations.map((station) => this.#consume(station));
    this.#heartbeat = repeat(() => this.#beat(), this.#deps.clock);
    log.info("Worker started", { worker: info.id, processors: info.processors, slots: info.slots });
  }

  /** Attempts that run now. */
  get running(): number {
    return this.#consumers.reduce((sum, consumer) => sum + consumer.running, 0);
  }

  /** Whether it takes jobs: not draining, and its heartbeat arrived within the last 15 s. */
  get state(): "ready" | "no_redis" | "draining" {
    if (this.#draining !== undefined) return "draining";
    const isHeard =
      this.#lastBeatAt !== undefined && this.#deps.clock.monotonicMs() - this.#lastBeatAt < 15_000;
    return isHeard ? "ready" : "no_redis";
  }

  drain(deadlineMs: number): Promise<void> {
    this.#draining ??= this.#drain(deadlineMs);
    return this.#draining;
  }

  #consume({ processor, executor }: Station): Consumer {
    const { info, queue, retry, log } = this.#deps;
    const guard = async (attempt: Attempt, work: () => Promise<void>) => {
      await work().catch((error: unknown) => {
        log.warn("Files of an attempt are left for the sweeper", { job_id: attempt.request.id, error });
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
      (attempt) => executor.execute(attempt),
    );
  }

  async #beat(): Promise<number> {
    const { queue, info, stations, quietLog, clock } = this.#deps;
    try {
      await queue.catalogue.announce(
        info,
        stations.map(({ processor }) => describeProcessor(processor)),
      );
    } catch (error) {
      quietLog.warn("Heartbeat failed; the worker goes on and tries again", trouble(error));
      return HEARTBEAT_RETRY_MS;
    }
    if (this.#lastBeatAt === undefined) this.#deps.onReady();
    this.#lastBeatAt = clock.monotonicMs();
    return HEARTBEAT_MS;
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
