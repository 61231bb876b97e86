import * as z from "zod";
import { JobId } from "./fields.js";
import { JOB_PARAMS, JSON_BODY, READ, type Route } from "./route-parts.js";
import {
  ChangeWebhook,
  CreateWebhook,
  Delivery,
  DeliveryList,
  RotateSecret,
  Webhook,
  WebhookList,
  WebhookWithSecret,
} from "./webhook-schemas.js";

const WEBHOOK_PARAMS = z.object({ webhook_id: z.string() });
const DELIVERY_PARAMS = z.object({ job_id: JobId, delivery_id: z.string() });

/** Endpoints that are told how jobs ended, and what became of it. */
export const webhookRoutes = {
  listWebhooks: {
    method: "GET",
    path: "/api/webhooks",
    group: "Webhooks",
    access: "read",
    summary: "List the registered endpoints, oldest first.",
    description: "Disabled ones too, with the reason. Secrets are not shown.",
    answers: {
      200: {
        description: "The endpoints: of a tenant at most 50; for an admin those of all tenants.",
        schema: WebhookList,
      },
    },
    errors: ["redis_unavailable"],
  },
  createWebhook: {
    method: "POST",
    path: "/api/webhooks",
    group: "Webhooks",
    access: "submit",
    summary: "Register an endpoint that is told how jobs end.",
    description:
      "It is told of every job of its tenant that ends from now on with one of its events, by Standard " +
      "Webhooks 1.0. The answer shows the secret, this once.",
    body: { mediaType: "application/json", schema: CreateWebhook, isRequired: true },
    answers: { 201: { description: "The endpoint with its secret.", schema: WebhookWithSecret } },
    errors: [...JSON_BODY, "redis_unavailable", "storage_not_shared", "storage_unavailable"],
  },
  getWebhook: {
    method: "GET",
    path: "/api/webhooks/{webhook_id}",
    group: "Webhooks",
    access: "read",
    summary: "Read one endpoint.",
    description: "The same entry as in the list.",
    params: WEBHOOK_PARAMS,
    answers: { 200: { description: "The endpoint.", schema: Webhook } },
    errors: ["webhook_not_found", "redis_unavailable"],
  },
  changeWebhook: {
    method: "PATCH",
    path: "/api/webhooks/{webhook_id}",
    group: "Webhooks",
    access: "submit",
    summary: "Change an endpoint, disable it or take it into use again.",
    description: "What the body does not name stays. Pending deliveries go to a new `url` too.",
    params: WEBHOOK_PARAMS,
    body: { mediaType: "application/json", schema: ChangeWebhook, isRequired: true },
    answers: { 200: { description: "The endpoint.", schema: Webhook } },
    errors: [...JSON_BODY, "webhook_not_found", "redis_unavailable"],
  },
  rotateWebhook: {
    method: "POST",
    path: "/api/webhooks/{webhook_id}/rotate",
    group: "Webhooks",
    access: "submit",
    summary: "Give an endpoint a new secret; the old one signs as well for 24 hours.",
    description:
      "Deliveries carry a signature of each, so that the receiver can change over in its own time. Of two " +
      "rotations in a day the older secret ends at once.",
    params: WEBHOOK_PARAMS,
    body: { mediaType: "application/json", schema: RotateSecret, isRequired: false },
    answers: { 200: { description: "The endpoint with its new secret.", schema: WebhookWithSecret } },
    errors: [...JSON_BODY, "webhook_not_found", "redis_unavailable"],
  },
  deleteWebhook: {
    method: "DELETE",
    path: "/api/webhooks/{webhook_id}",
    group: "Webhooks",
    access: "submit",
    summary: "Remove an endpoint.",
    description: "Its pending deliveries are not sent.",
    params: WEBHOOK_PARAMS,
    answers: { 204: { description: "There is no such endpoint any more." } },
    errors: ["webhook_not_found", "redis_unavailable"],
  },
  listDeliveries: {
    method: "GET",
    path: "/api/jobs/{job_id}/deliveries",
    group: "Webhooks",
    access: "read",
    summary: "List who was told of a job, and what came of it.",
    description: "The newest 200, until the job goes, and no longer than 30 days after the last change.",
    params: JOB_PARAMS,
    answers: { 200: { description: "Newest first.", schema: DeliveryList } },
    errors: READ,
  },
  redeliver: {
    method: "POST",
    path: "/api/jobs/{job_id}/deliveries/{delivery_id}/redeliver",
    group: "Webhooks",
    access: "submit",
    summary: "Send a delivery again.",
    description:
      "With the same `webhook-id` and body, at once, and by the schedule from its beginning when it fails. One " +
      "that is pending is tried at once.",
    params: DELIVERY_PARAMS,
    answers: { 202: { description: "The delivery, pending.", schema: Delivery } },
    errors: [...READ, "delivery_not_found", "webhook_not_found", "webhook_disabled"],
  },
} as const satisfies Record<string, Route>;
