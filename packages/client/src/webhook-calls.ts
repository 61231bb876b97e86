import type { ChangeWebhook, CreateWebhook } from "@drover/contract";
import { callJson, type JsonOf, type Server, send } from "./request.js";

/** A registered endpoint. */
export type Webhook = JsonOf<"getWebhook">;
/** One with the secret that was just made. */
export type WebhookWithSecret = JsonOf<"createWebhook">;
/** One event on its way to one receiver. */
export type Delivery = JsonOf<"redeliver">;

/** Aborts the request. */
interface Abortable {
  readonly signal?: AbortSignal;
}

/** The registered endpoints, and what became of the deliveries of a job. Errors as of `Client`. */
export interface WebhookCalls {
  /** Oldest first. */
  list(options?: Abortable): Promise<readonly Webhook[]>;
  /** The answer has the secret, this once. */
  create(webhook: CreateWebhook, options?: Abortable): Promise<WebhookWithSecret>;
  get(webhookId: string, options?: Abortable): Promise<Webhook>;
  /** What is absent stays; `enabled: true` takes one that was disabled into use again. */
  change(webhookId: string, change: ChangeWebhook, options?: Abortable): Promise<Webhook>;
  /** A new secret; the old one signs as well for 24 hours. */
  rotate(webhookId: string, options?: Abortable & { readonly secret?: string }): Promise<WebhookWithSecret>;
  remove(webhookId: string, options?: Abortable): Promise<void>;
  /** Newest first. */
  deliveries(jobId: string, options?: Abortable): Promise<readonly Delivery[]>;
  /** Sends it again, or at once when it waits. */
  redeliver(jobId: string, deliveryId: string, options?: Abortable): Promise<Delivery>;
}

/** The calls, at a server. */
export function webhookCalls(server: Server): WebhookCalls {
  const of = (webhookId: string, { signal }: Abortable = {}) => ({
    params: { webhook_id: webhookId },
    signal,
  });
  return {
    list: async ({ signal } = {}) => (await callJson(server, "listWebhooks", { signal })).webhooks,
    create: (webhook, { signal } = {}) => callJson(server, "createWebhook", { body: webhook, signal }),
    get: (webhookId, options) => callJson(server, "getWebhook", of(webhookId, options)),
    change: (webhookId, change, options) =>
      callJson(server, "changeWebhook", { ...of(webhookId, options), body: change }),
    rotate: (webhookId, options = {}) =>
      callJson(server, "rotateWebhook", {
        ...of(webhookId, options),
        ...(options.secret === undefined ? {} : { body: { secret: options.secret } }),
      }),
    remove: async (webhookId, options) => void (await send(server, "deleteWebhook", of(webhookId, options))),
    deliveries: async (jobId, { signal } = {}) =>
      (await callJson(server, "listDeliveries", { params: { job_id: jobId }, signal })).deliveries,
    redeliver: (jobId, deliveryId, { signal } = {}) =>
      callJson(server, "redeliver", { params: { job_id: jobId, delivery_id: deliveryId }, signal }),
  };
}
