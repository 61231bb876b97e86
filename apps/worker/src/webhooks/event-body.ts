import { createHash } from "node:crypto";
import { endOfJob, eventOf, type Job, type JobEnd, type WebhookEvent } from "@drover/core";

/** What a receiver is told of one end of a job. */
export interface EndEvent {
  readonly job: Job;
  readonly end: JobEnd;
  readonly type: WebhookEvent;
  /** JSON, about 1 KB; with many tags up to 6. */
  readonly body: string;
}

/** The event of the job's end; `undefined` while it has not ended. */
export function eventOfJob(job: Job): EndEvent | undefined {
  const end = endOfJob(job);
  if (end === undefined) return undefined;
  const type = eventOf(end.status);
  return { job, end, type, body: JSON.stringify({ type, timestamp: time(end.at), data: dataOf(job, end) }) };
}

/**
 * Members of the job as `GET /api/jobs/{id}` shows them, in the same words. The result and the artifacts are
 * fetched from there: they may be large, and whoever may see them is asked for a key there.
 */
function dataOf(job: Job, { status, at, attempt, error }: JobEnd) {
  return {
    job_id: job.id,
    processor: job.processor,
    status,
    attempt,
    created_at: time(job.createdAt),
    started_at: job.startedAt === null ? null : time(job.startedAt),
    completed_at: time(at),
    tags: job.tags,
    error: error === null ? null : { code: error.code, message: error.message, retryable: error.retryable },
    links: { self: `/api/jobs/${job.id}` },
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * The id of the delivery of an event to a receiver. The same whoever makes it and how often, so that an end that
 * is found twice is told once.
 * @param receiver id of the endpoint; `null` for the one that the job names.
 */
export function deliveryIdOf({ job, end }: EndEvent, receiver: string | null): string {
  const name = `${job.id} ${end.at} ${receiver ?? "job"}`;
  return `msg_${createHash("sha256").update(name).digest("base64url").slice(0, 27)}`;
}
