import { randomBytes } from "node:crypto";
import type { Webhook, WebhookWithSecret } from "@drover/contract";
import {
  DEFAULT_TENANT,
  DomainError,
  MAX_ALL_WEBHOOK_ENDPOINTS,
  MAX_WEBHOOK_ENDPOINTS,
  type ReceiverPolicy,
  refusalOfReceiver,
  SECRET_OVERLAP_MS,
  WEBHOOK_EVENTS,
  type WebhookEndpoint,
} from "@drover/core";
import { type Handler, ok } from "../http/handler.js";
import { RECENT_MS } from "../jobs/find-job.js";

export const listWebhooks: Handler<"listWebhooks"> = async (_input, deps) => {
  const endpoints = await deps.queue.webhooks.endpoints.list();
  return ok({ webhooks: endpoints.map((endpoint) => viewEndpoint(endpoint, deps.now())) });
};

export const createWebhook: Handler<"createWebhook"> = async ({ body }, deps) => {
  await deps.installation.confirm(RECENT_MS); // first: nothing is written into another installation's Redis
  assertReceiver("body.url", body.url, deps.receivers);
  const secret = body.secret ?? newSecret();
  const endpoint: WebhookEndpoint = {
    id: `ep_${randomBytes(16).toString("base64url")}`,
    tenant: deps.tenant,
    url: new URL(body.url).href,
    description: body.description ?? "",
    events: WEBHOOK_EVENTS.filter((event) => body.events?.includes(event) ?? true),
    secrets: [{ secret, until: null }],
    createdAt: deps.now(),
    disabled: null,
    lastSuccessAt: null,
  };
  if (!(await deps.queue.webhooks.endpoints.add(endpoint)))
    throw new DomainError(
      "invalid_request",
      `There can be ${MAX_WEBHOOK_ENDPOINTS} endpoints, ${MAX_ALL_WEBHOOK_ENDPOINTS} with those of all tenants, ` +
        "and there are as many; remove one first.",
    );
  const shown = { ...viewEndpoint(endpoint, deps.now()), secret } satisfies WebhookWithSecret;
  return { kind: "json", status: 201, body: shown, headers: { Location: `/api/webhooks/${endpoint.id}` } };
};

export const getWebhook: Handler<"getWebhook"> = async ({ params }, deps) => {
  const endpoint = await deps.queue.webhooks.endpoints.get(params.webhook_id);
  return ok(viewEndpoint(found(endpoint, params.webhook_id), deps.now()));
};

export const changeWebhook: Handler<"changeWebhook"> = async ({ params, body }, deps) => {
  const { url, events, description, enabled } = body;
  if (url !== undefined) assertReceiver("body.url", url, deps.receivers);
  const at = deps.now();
  const changed = await deps.queue.webhooks.endpoints.change(params.webhook_id, (endpoint) => ({
    ...endpoint,
    url: url === undefined ? endpoint.url : new URL(url).href,
    events: events === undefined ? endpoint.events : WEBHOOK_EVENTS.filter((each) => events.includes(each)),
    description: description ?? endpoint.description,
    disabled:
      enabled === undefined
        ? endpoint.disabled
        : enabled
          ? null
          : (endpoint.disabled ?? { at, reason: "requested" }),
  }));
  return ok(viewEndpoint(found(changed, params.webhook_id), at));
};

export const rotateWebhook: Handler<"rotateWebhook"> = async ({ params, body }, deps) => {
  const secret = body?.secret ?? newSecret();
  const now = deps.now();
  const changed = await deps.queue.webhooks.endpoints.change(params.webhook_id, (endpoint) => {
    const inForce = endpoint.secrets.filter(({ until }) => until === null);
    const old = inForce.map((each) => ({ secret: each.secret, until: now + SECRET_OVERLAP_MS }));
    return { ...endpoint, secrets: [{ secret, until: null }, ...old] };
  });
  return ok({ ...viewEndpoint(found(changed, params.webhook_id), now), secret });
};

export const deleteWebhook: Handler<"deleteWebhook"> = async ({ params }, deps) => {
  if (await deps.queue.webhooks.endpoints.remove(params.webhook_id)) return { kind: "empty", status: 204 };
  throw webhookNotFound(params.webhook_id);
};

/**
 * Throws `invalid_request` for a receiver that may not be called. What its name leads to is found by the worker.
 * @param path of the field in the request.
 */
export function assertReceiver(path: string, url: string, policy: ReceiverPolicy): void {
  const message = refusalOfReceiver(url, policy);
  if (message === undefined) return;
  throw new DomainError("invalid_request", `The request is wrong: ${path} ${message}`, {
    errors: [{ path, message }],
  });
}

/** The refusal of an endpoint that is not registered. */
export function webhookNotFound(id: string): DomainError {
  return new DomainError("webhook_not_found", `No webhook has the id "${id.slice(0, 80)}".`);
}

function found(endpoint: WebhookEndpoint | undefined, id: string): WebhookEndpoint {
  if (endpoint === undefined) throw webhookNotFound(id);
  return endpoint;
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** The endpoint as the contract shows it: without its secrets. */
function viewEndpoint(endpoint: WebhookEndpoint, now: number): Webhook {
  const old = endpoint.secrets.find(({ until }) => until !== null && until > now);
  return {
    id: endpoint.id,
    ...(endpoint.tenant === DEFAULT_TENANT ? {} : { tenant: endpoint.tenant }),
    url: endpoint.url,
    description: endpoint.description,
    events: [...endpoint.events],
    created_at: time(endpoint.createdAt),
    disabled_at: endpoint.disabled === null ? null : time(endpoint.disabled.at),
    disabled_reason: endpoint.disabled?.reason ?? null,
    last_success_at: endpoint.lastSuccessAt === null ? null : time(endpoint.lastSuccessAt),
    old_secret_until: old?.until == null ? null : time(old.until),
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
