import {
  DELIVERY_PROBLEMS,
  DELIVERY_STATUSES,
  DISABLED_REASONS,
  MAX_WEBHOOK_URL_LENGTH,
  WEBHOOK_EVENTS,
  WEBHOOK_SECRET_SHAPE,
} from "@drover/core";
import * as z from "zod";
import { JobId, Tenant, Time } from "./fields.js";

/** What a receiver can be told of. */
export const WebhookEvent = z.enum(WEBHOOK_EVENTS);
export type WebhookEvent = z.output<typeof WebhookEvent>;

const Url = z
  .string()
  .max(MAX_WEBHOOK_URL_LENGTH)
  .describe("`https://`, and public; what else may be called is a setting. Redirects are not followed.")
  .meta({ examples: ["https://example.com/hooks/drover"] });

const Secret = z
  .string()
  .regex(WEBHOOK_SECRET_SHAPE, "is not `whsec_` and the base64 of 24 to 64 bytes")
  .describe("`whsec_` and the base64 of 24 to 64 random bytes, by Standard Webhooks.")
  .meta({ examples: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] });

const Events = z.array(WebhookEvent).min(1).max(WEBHOOK_EVENTS.length);

/** The receiver that a job names. */
export const JobWebhook = z
  .strictObject({
    url: Url,
    secret: Secret.describe("Signs the deliveries. Never shown again."),
    events: Events.optional().describe("Default: all."),
  })
  .meta({ id: "JobWebhook" });
export type JobWebhook = z.output<typeof JobWebhook>;

/** A registered endpoint. Its secrets are shown when they are made, and never again. */
export const Webhook = z
  .object({
    id: z.string().meta({ examples: ["ep_Xk3bq0Zc5lJ8yT1uVw2aRg"] }),
    tenant: Tenant.optional().describe("Whose jobs it is told of; absent for the tenant `default`."),
    url: z.string(),
    description: z.string(),
    events: z.array(WebhookEvent),
    created_at: Time,
    disabled_at: Time.nullable().describe("Since then nothing is sent to it; null while it is in use."),
    disabled_reason: z
      .enum(DISABLED_REASONS)
      .nullable()
      .describe(
        "`gone`: it answered 410. `failing`: a delivery failed for 3 days and no other one arrived meanwhile. " +
          "`requested`: a person asked.",
      ),
    last_success_at: Time.nullable().describe("Give or take a minute."),
    old_secret_until: Time.nullable().describe(
      "Until then the secret before the last rotation signs as well.",
    ),
  })
  .meta({ id: "Webhook" });
export type Webhook = z.output<typeof Webhook>;

export const WebhookList = z.object({ webhooks: z.array(Webhook) }).meta({ id: "WebhookList" });
export type WebhookList = z.output<typeof WebhookList>;

/** An endpoint with the secret that was just made. */
export const WebhookWithSecret = Webhook.extend({
  secret: z.string().describe("Shown this once."),
}).meta({ id: "WebhookWithSecret" });
export type WebhookWithSecret = z.output<typeof WebhookWithSecret>;

const Description = z.string().max(200).describe("For people.");

/** Body that registers an endpoint. */
export const CreateWebhook = z.strictObject({
  url: Url,
  events: Events.optional().describe("Default: all."),
  description: Description.optional(),
  secret: Secret.optional().describe("Default: one is made."),
});
export type CreateWebhook = z.output<typeof CreateWebhook>;

/** Body that changes an endpoint; what is absent stays. */
export const ChangeWebhook = z.strictObject({
  url: Url.optional(),
  events: Events.optional(),
  description: Description.optional(),
  enabled: z.boolean().optional().describe("`true` takes an endpoint that was disabled into use again."),
});
export type ChangeWebhook = z.output<typeof ChangeWebhook>;

/** Body of a rotation. */
export const RotateSecret = z.strictObject({ secret: Secret.optional().describe("Default: one is made.") });
export type RotateSecret = z.output<typeof RotateSecret>;

/** One event on its way to one receiver. */
export const Delivery = z
  .object({
    id: z.string().describe("Also the `webhook-id` header of each attempt."),
    job_id: JobId,
    webhook_id: z.string().nullable().describe("The registered endpoint; null for the job's own receiver."),
    url: z.string(),
    event: WebhookEvent,
    status: z.enum(DELIVERY_STATUSES).describe("`failed` when no further attempt is to come."),
    created_at: Time,
    attempts: z.int().describe("So far, since it was sent or sent again."),
    next_attempt_at: Time.nullable(),
    last_attempt: z
      .object({
        at: Time,
        duration_ms: z.int(),
        status_code: z.int().nullable().describe("Null when there was no answer."),
        problem: z.enum(DELIVERY_PROBLEMS).nullable().describe("Null when it was delivered."),
      })
      .nullable(),
  })
  .meta({ id: "Delivery" });
export type Delivery = z.output<typeof Delivery>;

/** The deliveries of a job, newest first. */
export const DeliveryList = z.object({ deliveries: z.array(Delivery) }).meta({ id: "DeliveryList" });
export type DeliveryList = z.output<typeof DeliveryList>;
