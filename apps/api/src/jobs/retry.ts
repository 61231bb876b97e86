import { DomainError, endOfJob, isTerminal, type Job, type JobRequest, jobFields } from "@drover/core";
import { inputFolder, readManifest, writeManifest } from "@drover/job-files";
import type { Deps } from "../deps.js";
import type { Handler } from "../http/handler.js";
import { assertNotStopping } from "../operations/admission.js";
import { findJob, RECENT_MS, throwMissing } from "./find-job.js";
import { assertSmall } from "./job-request.js";
import { selfLink, viewJob } from "./job-view.js";
import { inProducerSpan } from "./producer-span.js";
import { settleJob } from "./settle-job.js";

export const retryJob: Handler<"retryJob"> = async (input, deps) => {
  assertNotStopping(deps);
  await deps.installation.confirm(RECENT_MS);
  const job = await findJob(input.params.job_id, deps);
  assertRetryable(job);
  const params = input.body?.params;
  if (params !== undefined) deps.checkParams(await deps.processors.require(job.processor), params);
  if ((await deps.store.stat(job.input.key)) === undefined) {
    const reason = job.importedAt === undefined ? "was removed" : "is not part of what was imported";
    throw new DomainError("input_expired", `The input of job ${job.id} ${reason}; upload the file again.`);
  }
  const request = { ...(await requestOfJob(job, deps)), params: params ?? job.params };
  assertSmall(request);
  // The job stays in the trace of its submit, which this request's trace is linked to.
  const queued = await inProducerSpan({ operation: "retry", job, link: job.trace }, () =>
    queueAgain(job, request, deps),
  );
  if (queued === undefined) {
    await correctManifest(request, deps);
    throw notFinished(job, "Another retry came first");
  }
  return {
    kind: "json",
    status: 202,
    headers: { Location: selfLink(queued), "Retry-After": "1" },
    body: viewJob(queued, deps),
  };
};

/**
 * Opens the manifest first: a job that is queued again must come back if Redis loses it. `undefined` when the
 * retry is refused.
 */
async function queueAgain(job: Job, request: JobRequest, deps: Deps): Promise<Job | undefined> {
  const reopenedEnd = job.finishedAt ?? undefined;
  await writeManifest({ version: 1, request, settled: null, reopenedEnd }, deps.store);
  try {
    return await deps.queue.jobs.retry(job.id, request.params);
  } catch (error) {
    // A retry that was not granted must not be made by the sweeper. Should it have been granted after all,
    // the job says so.
    await writeManifest(
      { version: 1, request: { ...request, params: job.params }, settled: endOfJob(job) ?? null },
      deps.store,
    ).catch((cause: unknown) =>
      deps.log.warn("The manifest of a refused retry is open still.", { ...jobFields(job), error: cause }),
    );
    throw error;
  }
}

/**
 * The manifest of a retry that was refused speaks of a run that will not be: it gets the params of the one
 * that will, says how the job ended since, or goes with a job that expired or was deleted.
 * @throws `job_expired` or `job_not_found` then.
 */
async function correctManifest(request: JobRequest, deps: Deps): Promise<void> {
  const job = await deps.queue.jobs.get(request.id);
  if (job === undefined) {
    await deps.store.remove(inputFolder(request.input.key));
    await throwMissing(request.id, deps);
  } else if (isTerminal(job.status)) await settleJob(job.id, deps);
  else {
    const manifest = await readManifest(request.input.key, deps.store);
    const current = { ...request, params: job.params };
    await writeManifest({ ...manifest, version: 1, request: current, settled: null }, deps.store);
  }
}

function assertRetryable(job: Job): void {
  if (job.status === "completed") {
    throw new DomainError("job_already_finished", `Job ${job.id} completed; there is nothing to retry.`);
  }
  if (!isTerminal(job.status)) throw notFinished(job, `It is ${job.status}`);
}

function notFinished(job: Job, reason: string): DomainError {
  return new DomainError(
    "job_not_finished",
    `Only a failed or cancelled job can be retried. ${reason}: ${job.id}.`,
    { retryAfterS: 1 },
  );
}

/**
 * What was asked for. The manifest has all of it; without one the job's own members do, and its time limits
 * are the processor's.
 */
async function requestOfJob(job: Job, deps: Deps): Promise<JobRequest> {
  const manifest = await readManifest(job.input.key, deps.store);
  if (manifest !== undefined) return manifest.request;
  const { id, tenant, processor, input, params, tags, priority, runAt, maxAttempts } = job;
  const { fingerprint, createdAt, requestId, trace } = job;
  return {
    ...{ id, tenant, processor, input, params, tags, priority, runAt, maxAttempts },
    ...{ fingerprint, createdAt, requestId },
    ...(trace === undefined ? {} : { trace }),
    timeoutMs: null,
    queueTimeoutMs: null,
  };
}
