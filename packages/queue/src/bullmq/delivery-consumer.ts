import { setTimeout as sleep } from "node:timers/promises";
import { type Consumer, type Delivery, isJobId, type JobId, type Log } from "@drover/core";
import type { Job as BullJob } from "bullmq";
import { isObject } from "../record-checks.js";
import type { RedisKeys } from "../redis-keys.js";
import { DELIVERY_QUEUE } from "./bull-queues.js";
import { BullWorker } from "./bull-worker.js";
import type { LeaseTimes } from "./lease-times.js";
import { AttemptFailed } from "./record-outcome.js";

/** When a delivery is taken up again whose attempt could not be recorded, in ms. */
const UNRECORDED_MS = 1_000;

export interface DeliveryConsumerOptions {
  readonly url: string;
  readonly keys: RedisKeys;
  readonly log: Log;
  readonly lease: LeaseTimes;
  readonly slots: number;
  readonly workerId: string;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
  readonly get: (jobId: JobId, id: string) => Promise<Delivery | undefined>;
  /** Keeps the delivery, unless it was erased. */
  readonly change: (delivery: Delivery) => Promise<void>;
  /** As of the port. */
  readonly attempt: (delivery: Delivery) => Promise<Delivery>;
}

/**
 * Takes deliveries that are due through a BullMQ worker. Starts when made, ends with `drain`. What is under way
 * when its process ends is found without a worker and sent again: at least once.
 */
export class DeliveryConsumer implements Consumer {
  readonly #options: DeliveryConsumerOptions;
  readonly #worker: BullWorker;
  #drained: Promise<void> | undefined;
  #running = 0;

  constructor(options: DeliveryConsumerOptions) {
    this.#options = options;
    this.#worker = new BullWorker({
      ...options,
      processor: DELIVERY_QUEUE,
      prefix: options.keys.deliveryQueuePrefix,
      process: (queued) => this.#process(queued),
      onError: () => {},
      onStalled: () => {},
      onLeasesLost: () => {},
    });
  }

  get running(): number {
    return this.#running;
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
    const isOver = new AbortController();
    const deadline = sleep(deadlineMs, undefined, { signal: isOver.signal }).catch(() => {});
    await Promise.race([this.#worker.close(), deadline]);
    isOver.abort();
    await this.#worker.disconnect();
  }

  async #process(queued: BullJob): Promise<void> {
    this.#running += 1;
    try {
      const after = await this.#attempt(queued);
      if (after?.status !== "pending") return;
      const delayMs = Math.max(0, (after.nextAttemptAt ?? 0) - this.#options.now());
      throw new AttemptFailed("to be sent again", delayMs);
    } finally {
      this.#running -= 1;
    }
  }

  /** The delivery after an attempt; `undefined` when there was nothing to send. */
  async #attempt(queued: BullJob): Promise<Delivery | undefined> {
    const { get, change, attempt, log } = this.#options;
    const data: unknown = queued.data;
    const [jobId, id] = isObject(data) ? [String(data["jobId"]), String(data["id"])] : ["", ""];
    if (!isJobId(jobId)) return undefined;
    try {
      const delivery = await get(jobId, id);
      const isDue = delivery?.status === "pending" && `${id}-${delivery.resends}` === queued.id;
      if (delivery === undefined || !isDue) return undefined; // erased, or sent again as another
      const after = await attempt(delivery);
      await change(after);
      return after;
    } catch (error) {
      log.debug("a delivery could not be read or recorded; it is taken up again", { job_id: jobId, error });
      throw new AttemptFailed("not recorded", UNRECORDED_MS);
    }
  }
}
