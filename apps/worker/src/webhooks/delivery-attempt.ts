import type {
  Clock,
  Delivery,
  DeliveryAttempt,
  DeliveryProblem,
  DisabledReason,
  EventSink,
  Log,
  WebhookEndpoint,
  Webhooks,
} from "@drover/core";
import { errorFields } from "@drover/log";
import { inSpan } from "@drover/tracing";
import { retryAfterMsOf, waitAfter } from "./delivery-schedule.js";
import type { CallAnswer, ReceiverCall } from "./receiver-call.js";
import { signedHeaders } from "./signed-headers.js";

export interface DeliveryAttemptDeps {
  readonly webhooks: Pick<Webhooks, "endpoints" | "deliveries">;
  readonly call: (call: ReceiverCall) => Promise<CallAnswer>;
  /** Waits between attempts, in ms, before jitter. */
  readonly waitsMs: readonly number[];
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Wall time is the server's. */
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
  readonly log: Log;
  /** Told of each attempt that sent, or would have. */
  readonly events: EventSink;
}

/** A success is noted on the endpoint when the last one noted is this old, in ms. */
const SUCCESS_NOTED_MS = 60_000;

/** The delivery as it is after one more attempt. */
export async function attemptDelivery(delivery: Delivery, deps: DeliveryAttemptDeps): Promise<Delivery> {
  const { clock, events } = deps;
  const [at, startedAt] = [clock.now(), clock.monotonicMs()];
  const target = await targetOf(delivery, deps);
  const answer = typeof target === "string" ? target : await send(delivery, target, deps);
  const durationMs = Math.round(clock.monotonicMs() - startedAt);
  const problem = typeof answer === "string" ? answer : problemOf(answer);
  const statusCode = typeof answer !== "string" && answer.kind === "answered" ? answer.statusCode : null;
  const tried = {
    ...delivery,
    url: typeof target === "string" ? delivery.url : target.url,
    attempts: delivery.attempts + 1,
    lastAttempt: { at, durationMs, statusCode, problem } satisfies DeliveryAttempt,
  };
  const after = { ...tried, ...nextOf(tried, answer, deps) };
  await noteEndpoint(after, deps);
  events.emit("delivery.tried", { status: after.status, problem, durationMs });
  return after;
}

interface Target {
  readonly url: string;
  readonly secrets: readonly string[];
}

/** Where the delivery goes, or why it goes nowhere. An endpoint may have moved since the event. */
async function targetOf(delivery: Delivery, deps: DeliveryAttemptDeps): Promise<Target | DeliveryProblem> {
  const { endpoints, deliveries } = deps.webhooks;
  const { jobId: id, processor, endpointId } = delivery;
  if (endpointId === null) {
    const webhook = await deliveries.webhookOf({ id, processor });
    return webhook === undefined ? "endpoint_removed" : { url: webhook.url, secrets: [webhook.secret] };
  }
  const endpoint = await endpoints.get(endpointId);
  if (endpoint === undefined) return "endpoint_removed";
  if (endpoint.disabled !== null) return "endpoint_disabled";
  const now = deps.clock.now();
  const valid = endpoint.secrets.filter(({ until }) => until === null || until > now);
  return { url: endpoint.url, secrets: valid.map(({ secret }) => secret) };
}

/**
 * Calls the receiver in a span of kind client, a child of the job's submit; by its headers the receiver's own
 * work is of the same trace. Without an SDK they are what the job came with.
 */
function send(delivery: Delivery, { url, secrets }: Target, deps: DeliveryAttemptDeps): Promise<CallAnswer> {
  const { id, body, trace, jobId, processor, attempts } = delivery;
  const attributes = {
    "http.request.method": "POST",
    "server.address": new URL(url).hostname,
    "http.request.resend_count": attempts,
    "drover.job_id": jobId,
    "drover.processor": processor,
    "drover.webhook_id": id,
  };
  return inSpan({ kind: "client", name: "POST webhook", attributes, parent: trace }, async (span) => {
    const headers = { ...span.trace, ...signedHeaders({ id, body, at: deps.clock.now() }, secrets) };
    const answer = await deps.call({ url, headers, body });
    if (answer.kind === "answered") span.set({ "http.response.status_code": answer.statusCode });
    const problem = problemOf(answer);
    if (problem !== null) span.fail(problem);
    return answer;
  });
}

/** `null` for a 2xx. */
function problemOf(answer: CallAnswer): DeliveryProblem | null {
  if (answer.kind === "failed") return answer.problem;
  const { statusCode } = answer;
  if (statusCode >= 200 && statusCode < 300) return null;
  if (statusCode >= 300 && statusCode < 400) return "redirect";
  return statusCode === 410 ? "gone" : "status";
}

/** After these no further attempt is of use. */
const FINAL: readonly DeliveryProblem[] = ["gone", "endpoint_disabled", "endpoint_removed"];

function nextOf(
  { attempts, lastAttempt }: Pick<Delivery, "attempts"> & { readonly lastAttempt: DeliveryAttempt },
  answer: CallAnswer | DeliveryProblem,
  { waitsMs, random, clock }: DeliveryAttemptDeps,
): Pick<Delivery, "status" | "nextAttemptAt"> {
  const { problem, statusCode } = lastAttempt;
  if (problem === null) return { status: "delivered", nextAttemptAt: null };
  const now = clock.now();
  const isAsked = statusCode === 429 || statusCode === 503;
  const header = typeof answer !== "string" && answer.kind === "answered" ? answer.retryAfter : undefined;
  const retryAfterMs = isAsked ? retryAfterMsOf(header, now) : 0;
  const waitMs = FINAL.includes(problem) ? undefined : waitAfter(attempts, { waitsMs, random, retryAfterMs });
  if (waitMs === undefined) return { status: "failed", nextAttemptAt: null };
  return { status: "pending", nextAttemptAt: now + waitMs };
}

/**
 * Notes on the endpoint that it takes deliveries, or disables it: at once after a 410, else when a delivery was
 * given up and no other one arrived since that was made. What cannot be noted is left: the delivery counts.
 */
async function noteEndpoint(delivery: Delivery, deps: DeliveryAttemptDeps): Promise<void> {
  const { endpointId, status, lastAttempt } = delivery;
  const problem = lastAttempt?.problem;
  if (endpointId === null || problem === "endpoint_disabled" || problem === "endpoint_removed") return;
  try {
    if (status === "delivered") await noteSuccess(endpointId, deps);
    if (status !== "failed") return;
    const isGone = problem === "gone";
    await disable(
      endpointId,
      isGone ? "gone" : "failing",
      deps,
      ({ lastSuccessAt }) => isGone || (lastSuccessAt ?? 0) < delivery.createdAt,
    );
  } catch (error) {
    deps.log.warn("What a delivery says of its endpoint could not be noted", {
      ...{ endpoint: endpointId, job_id: delivery.jobId },
      ...errorFields(error),
    });
  }
}

async function noteSuccess(
  id: string,
  { webhooks: { endpoints }, clock }: DeliveryAttemptDeps,
): Promise<void> {
  const now = clock.now();
  const endpoint = await endpoints.get(id);
  if (endpoint === undefined || now - (endpoint.lastSuccessAt ?? 0) < SUCCESS_NOTED_MS) return;
  await endpoints.change(id, (current) => ({ ...current, lastSuccessAt: now }));
}

async function disable(
  id: string,
  reason: DisabledReason,
  { webhooks: { endpoints }, clock, log }: DeliveryAttemptDeps,
  isDue: (endpoint: WebhookEndpoint) => boolean,
): Promise<void> {
  const at = clock.now();
  const after = await endpoints.change(id, (current) =>
    current.disabled === null && isDue(current) ? { ...current, disabled: { at, reason } } : current,
  );
  if (after?.disabled?.at !== at) return;
  const why = reason === "gone" ? "it answered 410 Gone" : "its deliveries failed for days";
  log.warn(`Webhook endpoint disabled: ${why}. PATCH /api/webhooks/${id} enables it again.`, {
    ...{ endpoint: id, host: new URL(after.url).host, reason },
  });
}
