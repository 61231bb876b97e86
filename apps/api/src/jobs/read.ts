import type { JobLogs } from "@drover/contract";
import { DomainError, isTerminal, type Job, type JobId, parseJobId } from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, type JsonHandler, ok } from "../http/handler.js";
import { whileHeld } from "../http/held-requests.js";
import { findJob, throwMissing } from "./find-job.js";
import { viewEvent, viewJob } from "./job-view.js";
import { type WaitOptions, waitForJob } from "./wait-for.js";

/** Seconds between two polls of a job that is not finished. */
const POLL_AFTER_S = "1";

export const getJob: JsonHandler<"getJob"> = async (input, deps) => {
  const id = parseJobId(input.params.job_id);
  const { wait = 0 } = input.query;
  const job =
    wait === 0 ? await deps.queue.jobs.get(id) : await changedJob(id, wait * 1000, input.signal, deps);
  if (job === undefined) return throwMissing(id, deps);
  const view = viewJob(job, deps);
  const headers = isTerminal(job.status) ? {} : { "Retry-After": POLL_AFTER_S };
  if (input.query.include !== "timeline") return ok(view, headers);
  const { events } = await deps.queue.jobs.history(id);
  return ok({ ...view, timeline: events.map(viewEvent) }, headers);
};

/** The job, when its status has changed or the wait is over; at once when it is terminal. */
function changedJob(id: JobId, waitMs: number, gone: AbortSignal, deps: Deps): Promise<Job | undefined> {
  let first: Job | undefined;
  const options: WaitOptions = {
    deadlineMs: waitMs,
    signals: [gone, deps.stopping],
    until: (now) => {
      first ??= now;
      return now === undefined || isTerminal(now.status) || now.status !== first?.status;
    },
  };
  return whileHeld(deps.events, "long_poll", () => waitForJob(id, options, deps));
}

export const getLogs: Handler<"getLogs"> = async (input, deps) => {
  const job = await findJob(input.params.job_id, deps);
  const { logs } = await deps.queue.jobs.history(job.id);
  const body: JobLogs = {
    job_id: job.id,
    logs: logs.map(({ at, ...line }) => ({ ...line, at: new Date(at).toISOString() })),
  };
  return ok(body);
};

export const getJobRecord: Handler<"getJobRecord"> = async (input, deps) => {
  const job = await findJob(input.params.job_id, deps);
  const { requestId, trace } = job;
  const traceId = trace?.traceparent.split("-")[1] ?? null;
  return ok(
    { job_id: job.id, request_id: requestId, trace_id: traceId, record: { ...job } },
    { "Cache-Control": "no-store" },
  );
};

export const getResult: Handler<"getResult"> = async (input, deps) => {
  const job = await findJob(input.params.job_id, deps);
  assertCompleted(job);
  return ok(job.result ?? null);
};

/**
 * Throws `job_not_finished` while the job may still complete, `artifact_not_found` when it ended without a
 * result.
 */
export function assertCompleted(job: Job): void {
  if (job.status === "completed") return;
  if (isTerminal(job.status)) {
    const reason = job.error === null ? "" : `: ${job.error.message}`;
    throw new DomainError(
      "artifact_not_found",
      `Job ${job.id} ended ${job.status} and has no result${reason}`,
    );
  }
  throw new DomainError("job_not_finished", `Job ${job.id} is ${job.status}; it has no result yet.`, {
    retryAfterS: Number(POLL_AFTER_S),
  });
}
