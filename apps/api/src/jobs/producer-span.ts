import type { JobRequest, TraceContext } from "@drover/core";
import { inSpan, type OpenSpan } from "@drover/tracing";

export interface ProducerSpanOptions {
  /** What brings the job to its queue: the submit, or a person's retry. */
  readonly operation: "submit" | "retry";
  readonly job: Pick<JobRequest, "id" | "processor">;
  /** Of another trace: the one in which the job was submitted. */
  readonly link?: TraceContext | undefined;
}

/**
 * Queues a job in a span of kind producer, below that of its request. The submit's is what the conventions
 * call the creation context: it travels with the job, and attempts are its children.
 *
 * Names and attributes are those of OpenTelemetry's conventions for messaging:
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export function inProducerSpan<Result>(
  { operation, job, link }: ProducerSpanOptions,
  work: (span: OpenSpan) => Promise<Result>,
): Promise<Result> {
  const attributes = {
    "messaging.system": "bullmq",
    "messaging.operation.name": operation,
    "messaging.operation.type": "send",
    "messaging.destination.name": job.processor,
    "messaging.message.id": job.id,
    "drover.job_id": job.id,
    "drover.processor": job.processor,
  };
  return inSpan({ kind: "producer", name: `${operation} ${job.processor}`, attributes, link }, work);
}
