import type { Delivery as DeliveryView } from "@drover/contract";
import { type Delivery, DomainError } from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";
import { findJob } from "../jobs/find-job.js";
import { webhookNotFound } from "./registered-endpoints.js";

export const listDeliveries: Handler<"listDeliveries"> = async ({ params }, deps) => {
  const job = await findJob(params.job_id, deps);
  const deliveries = await deps.queue.webhooks.deliveries.list(job.id);
  return ok({ deliveries: deliveries.map(viewDelivery) });
};

export const redeliver: Handler<"redeliver"> = async ({ params }, deps) => {
  const job = await findJob(params.job_id, deps);
  const { deliveries } = deps.queue.webhooks;
  const delivery = await deliveries.get(job.id, params.delivery_id);
  if (delivery !== undefined) await assertSendable(delivery, deps);
  const again = delivery && (await deliveries.sendAgain(job.id, delivery.id));
  if (again === undefined)
    throw new DomainError(
      "delivery_not_found",
      `Job ${job.id} has no delivery "${params.delivery_id.slice(0, 80)}".`,
    );
  return { kind: "json", status: 202, body: viewDelivery(again) };
};

/** Throws `webhook_not_found` or `webhook_disabled` for a delivery that would not be sent. */
async function assertSendable({ endpointId }: Delivery, deps: Deps): Promise<void> {
  if (endpointId === null) return;
  const endpoint = await deps.queue.webhooks.endpoints.get(endpointId);
  if (endpoint === undefined) throw webhookNotFound(endpointId);
  if (endpoint.disabled !== null)
    throw new DomainError(
      "webhook_disabled",
      `Webhook ${endpointId} is disabled (${endpoint.disabled.reason}). Enable it first: PATCH ` +
        `/api/webhooks/${endpointId} with {"enabled":true}.`,
    );
}

function viewDelivery(delivery: Delivery): DeliveryView {
  const { lastAttempt, nextAttemptAt } = delivery;
  return {
    id: delivery.id,
    job_id: delivery.jobId,
    webhook_id: delivery.endpointId,
    url: delivery.url,
    event: delivery.event,
    status: delivery.status,
    created_at: time(delivery.createdAt),
    attempts: delivery.attempts,
    next_attempt_at: nextAttemptAt === null ? null : time(nextAttemptAt),
    last_attempt:
      lastAttempt === null
        ? null
        : {
            at: time(lastAttempt.at),
            duration_ms: lastAttempt.durationMs,
            status_code: lastAttempt.statusCode,
            problem: lastAttempt.problem,
          },
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
