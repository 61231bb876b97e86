import type { JobId, JobStatus } from "./job.js";
import type { TraceContext } from "./trace-context.js";

/** What a receiver can be told: how a job ended. */
export const WEBHOOK_EVENTS = ["job.completed", "job.failed", "job.cancelled"] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** The event that tells of a job with this terminal status. */
export function eventOf(status: Extract<JobStatus, "completed" | "failed" | "cancelled">): WebhookEvent {
  return `job.${status}`;
}

/** Longest address of a receiver, in characters. */
export const MAX_WEBHOOK_URL_LENGTH = 2_048;

/** How many endpoints a tenant can register, and how many all together: whatever ends is held against each. */
export const MAX_WEBHOOK_ENDPOINTS = 50;
export const MAX_ALL_WEBHOOK_ENDPOINTS = 1_000;

/**
 * A secret as Standard Webhooks writes it: `whsec_` and the base64 of 24 to 64 bytes. No flags, so that it can
 * stand in a JSON Schema. Source: https://www.standardwebhooks.com, "Signature scheme".
 */
export const WEBHOOK_SECRET_SHAPE =
  /^whsec_(?=.{32,88}$)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The receiver that one job names. */
export interface JobWebhook {
  readonly url: string;
  /** As `WEBHOOK_SECRET_SHAPE`. Never shown and never logged. */
  readonly secret: string;
  /** At least one. */
  readonly events: readonly WebhookEvent[];
}

/** A secret of an endpoint. */
export interface EndpointSecret {
  readonly secret: string;
  /** Signs until then, in ms since the epoch; `null` for the one that is in force. */
  readonly until: number | null;
}

/** How long a rotated secret signs beside the new one, in ms. */
export const SECRET_OVERLAP_MS = 24 * 3_600_000;

/** Why an endpoint is told nothing: it said 410, it failed for days, or a person asked. */
export const DISABLED_REASONS = ["gone", "failing", "requested"] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** A receiver that is told of all jobs of a tenant. */
export interface WebhookEndpoint {
  /** `ep_` and letters, digits, "-" and "_". */
  readonly id: string;
  readonly tenant: string;
  readonly url: string;
  readonly description: string;
  /** At least one. */
  readonly events: readonly WebhookEvent[];
  /** The one in force first; at most one more, whose time has not come. */
  readonly secrets: readonly EndpointSecret[];
  /** ms since the epoch; jobs that ended before are not told. */
  readonly createdAt: number;
  /** ms since the epoch; `null` while it is told. */
  readonly disabled: { readonly at: number; readonly reason: DisabledReason } | null;
  /** When it took a delivery the last time, in ms since the epoch, give or take a minute; `null` for never. */
  readonly lastSuccessAt: number | null;
}

/** `pending` while an attempt is to come; `failed` when none is. */
export const DELIVERY_STATUSES = ["pending", "delivered", "failed"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/**
 * Why an attempt at a delivery failed.
 *
 * | problem | when |
 * |---|---|
 * | address_refused | the address is not one that may be called; no connection was made |
 * | unreachable | name, connection, TLS, or an answer that is no HTTP |
 * | timeout | no answer in time |
 * | redirect | 3xx, which is not followed |
 * | gone | 410: the receiver wants no more |
 * | status | any other status but 2xx |
 * | endpoint_disabled, endpoint_removed | nothing was sent |
 */
export const DELIVERY_PROBLEMS = [
  "address_refused",
  "unreachable",
  "timeout",
  "redirect",
  "gone",
  "status",
  "endpoint_disabled",
  "endpoint_removed",
] as const;
export type DeliveryProblem = (typeof DELIVERY_PROBLEMS)[number];

/** What came of the newest attempt at a delivery. */
export interface DeliveryAttempt {
  /** ms since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  /** HTTP status; `null` when there was no answer. */
  readonly statusCode: number | null;
  /** `null` when it was delivered. */
  readonly problem: DeliveryProblem | null;
}

/** One event on its way to one receiver. */
export interface Delivery {
  /** Also the `webhook-id`, the same with every attempt: `msg_` and letters, digits, "-" and "_". */
  readonly id: string;
  readonly jobId: JobId;
  readonly processor: string;
  /** The endpoint it is for; `null` when the job itself names the receiver. */
  readonly endpointId: string | null;
  readonly url: string;
  readonly event: WebhookEvent;
  /** What is sent: JSON. */
  readonly body: string;
  /** What the job is part of, which the receiver is told in headers; absent for none. */
  readonly trace?: TraceContext;
  readonly status: DeliveryStatus;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** How often a person asked to send it again after it had ended. */
  readonly resends: number;
  /** Attempts so far; since a person asked to send it again, if one did. */
  readonly attempts: number;
  readonly lastAttempt: DeliveryAttempt | null;
  /** When the next attempt is due, in ms since the epoch; `null` unless pending. */
  readonly nextAttemptAt: number | null;
}
