import type { Job, JobId } from "../job.js";
import type { Delivery, JobWebhook, WebhookEndpoint } from "../webhook.js";
import type { Consumer } from "./attempt-source.js";
import type { JobRef } from "./job-queue.js";

/** All that webhooks need of the queue's server. Every method throws `redis_unavailable` within 2 s. */
export interface Webhooks extends TenantWebhooks {
  readonly deliveries: WebhookDeliveries;
  readonly ends: JobEnds;
}

/** What a tenant sees of its webhooks. */
export interface TenantWebhooks {
  readonly endpoints: WebhookEndpoints;
  readonly deliveries: Pick<WebhookDeliveries, "get" | "list" | "sendAgain">;
}

/** The registered endpoints. */
export interface WebhookEndpoints {
  /** Oldest first, disabled ones too; of a tenant at most `MAX_WEBHOOK_ENDPOINTS`. */
  list(): Promise<readonly WebhookEndpoint[]>;
  get(id: string): Promise<WebhookEndpoint | undefined>;
  /** False when its tenant, or all together, have as many as can be. */
  add(endpoint: WebhookEndpoint): Promise<boolean>;
  /**
   * Puts what `change` makes of the endpoint in its place, in one step: `change` is called again when another
   * came first. `undefined` when there is none of the id.
   */
  change(
    id: string,
    change: (endpoint: WebhookEndpoint) => WebhookEndpoint,
  ): Promise<WebhookEndpoint | undefined>;
  /** False when there was none. */
  remove(id: string): Promise<boolean>;
}

/**
 * The deliveries of each job, newest `MAX_DELIVERIES` of it, until 30 days after the last change, or until the
 * job goes; and the queue that those are in that are pending.
 */
export interface WebhookDeliveries {
  /**
   * Keeps the delivery and queues it. One of an id that is known stays as it is, so that a repeated call is
   * harmless; when it is pending it is in the queue afterwards.
   */
  add(delivery: Delivery): Promise<void>;
  get(jobId: JobId, id: string): Promise<Delivery | undefined>;
  /** Newest first. */
  list(jobId: JobId): Promise<readonly Delivery[]>;
  /** Queues it anew, or lets a pending one be tried at once. `undefined` when there is none of the id. */
  sendAgain(jobId: JobId, id: string): Promise<Delivery | undefined>;
  /** Forgets all deliveries of the job; those that are queued are not sent. */
  erase(jobId: JobId): Promise<void>;
  /** The receiver that the job names. */
  webhookOf(job: JobRef): Promise<JobWebhook | undefined>;
  /**
   * Takes deliveries that are due, at most `slots` at a time. `attempt` returns the delivery as it is after an
   * attempt; a pending one comes back at its `nextAttemptAt`. One whose process dies is taken by another.
   */
  consume(
    options: { readonly slots: number; readonly workerId: string },
    attempt: (delivery: Delivery) => Promise<Delivery>,
  ): Consumer;
}

/** How many deliveries of one job are kept. */
export const MAX_DELIVERIES = 200;

/**
 * The ends of jobs that webhooks are to be told of. What has ended is found here until it is passed, whatever
 * process died in between: the end of a job and what it is found by are written in one step.
 */
export interface JobEnds {
  /**
   * The next ends of a processor's jobs that were not passed. A job may be found twice; a deleted one is not
   * found.
   * @param isAllWanted false: only jobs that name a receiver.
   */
  next(processor: string, isAllWanted: boolean): Promise<FoundEnds>;
  /** Those are taken care of. */
  pass(found: FoundEnds): Promise<void>;
}

export interface FoundEnds {
  readonly processor: string;
  /** As they stood when they had ended. */
  readonly jobs: readonly Job[];
  /** Whether more are there already. */
  readonly isMore: boolean;
  /** For `pass`. */
  readonly mark: { readonly position: string; readonly owed: readonly string[] };
}
