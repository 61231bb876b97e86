import type { Attempt, Outcome } from "@drover/core";
import { inSpan, type OpenSpan } from "@drover/tracing";

/**
 * Runs an attempt in a span of kind consumer, from its start until its outcome is known. Its parent is what
 * the job's submit left with it, so that request, queue and attempts are one trace; so are the attempts of an
 * automatic retry and of a person's. The conventions link such spans by default, for the sake of batches, and
 * let a span of one message be a child: an attempt is of one job.
 *
 * Names and attributes are those of OpenTelemetry's conventions for messaging:
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#consumer-spans
 */
export function inAttemptSpan(
  { request, number }: Attempt,
  work: (span: OpenSpan) => Promise<Outcome>,
): Promise<Outcome> {
  const { id, processor, trace } = request;
  const attributes = {
    "messaging.system": "bullmq",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": processor,
    "messaging.message.id": id,
    "drover.job_id": id,
    "drover.processor": processor,
    "drover.attempt": number,
    ...(request.requestId == null ? {} : { "drover.request_id": request.requestId }),
  };
  const options = { kind: "consumer", name: `process ${processor}`, attributes, parent: trace } as const;
  return inSpan(options, async (span) => {
    const outcome = await work(span);
    span.set({ "drover.outcome": outcome.kind });
    if (outcome.kind === "failed") span.fail(outcome.code, outcome.message);
    return outcome;
  });
}
