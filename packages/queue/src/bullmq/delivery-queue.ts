import { type Delivery, type JobId, type Log, MAX_DELIVERIES, type WebhookDeliveries } from "@drover/core";
import type { Job as BullJob } from "bullmq";
import { isObject, isTime } from "../record-checks.js";
import { isServerTrouble } from "../redis-errors.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import type { BullQueues } from "./bull-queues.js";
import { DeliveryConsumer } from "./delivery-consumer.js";
import { receiverOf } from "./job-receivers.js";
import type { LeaseTimes } from "./lease-times.js";

/** How long the deliveries of a job are kept after the last change, in ms. */
const KEPT_MS = 30 * 86_400_000;
/** The schedule of attempts is the worker's; BullMQ is to stop no delivery. */
const ATTEMPTS = 1_000_000;

export interface DeliveryQueueDeps {
  readonly url: string;
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly queues: BullQueues;
  readonly log: Log;
  readonly lease: LeaseTimes;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
}

/**
 * Deliveries in a hash of their job, and BullMQ's jobs of the pending ones in a queue of their own. A BullMQ
 * job holds nothing but where the delivery is kept, and goes when that has ended.
 */
export function redisDeliveries(deps: DeliveryQueueDeps): WebhookDeliveries {
  const { link, keys, queues, now } = deps;

  const get = async (jobId: JobId, id: string): Promise<Delivery | undefined> => {
    const json = await link.use((client) => client.hget(keys.deliveries(jobId), id));
    return json === null ? undefined : decodeDelivery(json)[0];
  };

  const change = async (delivery: Delivery): Promise<void> => {
    const args = [delivery.id, JSON.stringify(delivery), KEPT_MS];
    await link.run("change-delivery", [keys.deliveries(delivery.jobId)], args);
  };

  const enqueue = async (delivery: Delivery): Promise<void> => {
    const options = {
      jobId: queuedId(delivery),
      delay: Math.max(0, (delivery.nextAttemptAt ?? 0) - now()),
      attempts: ATTEMPTS,
      backoff: { type: "custom" },
      removeOnComplete: true,
      removeOnFail: true,
      stackTraceLimit: 0,
    };
    const data = { jobId: delivery.jobId, id: delivery.id };
    await link.use(() => queues.deliveries().add(delivery.event, data, options));
  };

  return {
    async add(delivery) {
      const args = [delivery.id, JSON.stringify(delivery), KEPT_MS, MAX_DELIVERIES];
      const json = await link.run("add-delivery", [keys.deliveries(delivery.jobId)], args);
      const [kept = delivery] = decodeDelivery(String(json));
      if (kept.status === "pending") await enqueue(kept);
    },
    get,
    async list(jobId) {
      const entries = await link.use((client) => client.hvals(keys.deliveries(jobId)));
      return entries
        .flatMap(decodeDelivery)
        .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
    },
    async sendAgain(jobId, id) {
      const known = await get(jobId, id);
      if (known === undefined) return undefined;
      const isPending = known.status === "pending";
      const resends = isPending ? known.resends : known.resends + 1;
      const again = { ...known, resends, status: "pending", attempts: 0, nextAttemptAt: now() } as const;
      await change(again);
      const queued = isPending
        ? await link.use(() => queues.deliveries().getJob(queuedId(again)))
        : undefined;
      if (queued === undefined) await enqueue(again);
      else await link.use(() => promote(queued));
      return again;
    },
    async erase(jobId) {
      await link.use((client) => client.del(keys.deliveries(jobId)));
    },
    webhookOf: (job) => receiverOf(link, keys, job),
    consume: (options, attempt) => new DeliveryConsumer({ ...deps, ...options, get, change, attempt }),
  };
}

/** A delivery that is sent again is another job for BullMQ, which may still be about to end the last one. */
export function queuedId({ id, resends }: Pick<Delivery, "id" | "resends">): string {
  return `${id}-${resends}`;
}

/** Lets a delayed job be due now; one that is not delayed is due already. */
async function promote(queued: BullJob): Promise<void> {
  try {
    await queued.promote();
  } catch (error) {
    if (isServerTrouble(error)) throw error;
  }
}

function decodeDelivery(json: string): readonly Delivery[] {
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value)) return [];
    const { id, jobId, url, body, status, createdAt, resends } = value;
    const isWhole =
      [id, jobId, url, body, status].every((text) => typeof text === "string") &&
      isTime(createdAt) &&
      isTime(resends);
    return isWhole ? [value as unknown as Delivery] : []; // written by `add`
  } catch {
    return [];
  }
}
