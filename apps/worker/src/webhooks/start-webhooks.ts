import type { Clock, Consumer, Delivery, EventSink, Log, QueuePorts } from "@drover/core";
import { errorFields } from "@drover/log";
import { repeat } from "../timers.js";
import { attemptDelivery, type DeliveryAttemptDeps } from "./delivery-attempt.js";
import { WAITS_MS } from "./delivery-schedule.js";
import { EventDispatch } from "./event-dispatch.js";
import { type CallDeps, callReceiver } from "./receiver-call.js";

export interface WebhooksDeps {
  readonly queue: Pick<QueuePorts, "webhooks" | "jobs" | "catalogue" | "leases">;
  /** Processors that are looked at whether or not the catalogue knows them. */
  readonly processors: readonly string[];
  /** Unique among processes. */
  readonly workerId: string;
  readonly receivers: CallDeps;
  /** Throws when store and Redis do not belong together: then nothing of this Redis is told to anybody. */
  readonly assertMayRun: () => Promise<void>;
  /** Wall time is the server's. */
  readonly clock: Clock;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
  /** Default: `WAITS_MS`. Shorter ones are for tests. */
  readonly waitsMs?: readonly number[];
  /** Default `Math.random`. */
  readonly random?: () => number;
  /** Told of each attempt at a delivery. */
  readonly events: EventSink;
}

/** The webhooks of a worker. */
export interface RunningWebhooks {
  /** Takes no further delivery, and gives those under way `deadlineMs`; what does not end is sent again. */
  stop(deadlineMs: number): Promise<void>;
}

/** Name of the lease of the process that dispatches. */
const LEASE = "webhooks";
/** Another worker dispatches this long after the one that did was killed, in ms. */
const LEASE_MS = 10_000;
/** The process that dispatches looks for ends this often; the others ask for the lease, in ms. */
const LOOK_MS = 250;
const ASK_MS = 2_500;
/** Deliveries that a worker sends at a time, and how many of them to one receiver. */
const SLOTS = 20;
const SLOTS_OF_RECEIVER = 4;
/** About how long a delivery is put off whose receiver has its share, in ms. */
const PUT_OFF_MS = 4_000;

/**
 * Tells receivers how jobs ended, beside the attempts and without a part in them: one worker of all, the one
 * that holds a lease, finds the ends and queues deliveries; every worker sends.
 */
export function startWebhooks(deps: WebhooksDeps): RunningWebhooks {
  const { queue, processors, workerId, assertMayRun, clock, quietLog } = deps;
  const { webhooks, jobs, catalogue } = queue;
  const dispatch = new EventDispatch({ webhooks, jobs, catalogue, processors, clock });
  const sender = new Sender(deps);
  let heldUntil = 0;
  const isLeader = async () => {
    const now = clock.monotonicMs();
    if (now < heldUntil - (2 * LEASE_MS) / 3) return true;
    await assertMayRun(); // first: nothing is written into another installation's Redis
    sender.start();
    const isHeld = await queue.leases.hold(LEASE, workerId, LEASE_MS);
    heldUntil = isHeld ? now + LEASE_MS : 0;
    return isHeld;
  };
  const rounds = repeat(async (signal) => {
    try {
      if (!(await isLeader())) return ASK_MS;
      await dispatch.run(signal);
    } catch (error) {
      heldUntil = 0; // Redis may be another one
      sender.pause();
      quietLog.warn("Webhooks put off; they are tried again", errorFields(error));
      return ASK_MS;
    }
    return LOOK_MS;
  }, clock);
  return {
    async stop(deadlineMs) {
      await Promise.all([rounds.stop(), sender.stop(deadlineMs)]);
      await queue.leases.release(LEASE, workerId).catch(() => {}); // it runs out by itself
    },
  };
}

/** Sends what is due, no more to one receiver at a time than its share: a slow one leaves room for the others. */
class Sender {
  readonly #deps: WebhooksDeps;
  readonly #underWay = new Map<string, number>();
  #consumer: Consumer | undefined;
  #isStopped = false;

  constructor(deps: WebhooksDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#isStopped) return;
    this.#consumer?.resume();
    const { queue, workerId } = this.#deps;
    this.#consumer ??= queue.webhooks.deliveries.consume({ slots: SLOTS, workerId }, (delivery) =>
      this.#attempt(delivery),
    );
  }

  pause(): void {
    this.#consumer?.pause();
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#isStopped = true;
    await this.#consumer?.drain(deadlineMs);
  }

  async #attempt(delivery: Delivery): Promise<Delivery> {
    const { receivers, queue, clock, log, events, waitsMs = WAITS_MS, random = Math.random } = this.#deps;
    const { host } = new URL(delivery.url);
    const underWay = this.#underWay.get(host) ?? 0;
    if (underWay >= SLOTS_OF_RECEIVER)
      return { ...delivery, nextAttemptAt: clock.now() + PUT_OFF_MS * (0.5 + random()) };
    this.#underWay.set(host, underWay + 1);
    try {
      const call: DeliveryAttemptDeps["call"] = (request) => callReceiver(request, receivers);
      const { webhooks } = queue;
      return await attemptDelivery(delivery, { webhooks, call, waitsMs, random, clock, log, events });
    } finally {
      const left = (this.#underWay.get(host) ?? 1) - 1;
      if (left > 0) this.#underWay.set(host, left);
      else this.#underWay.delete(host);
    }
  }
}
