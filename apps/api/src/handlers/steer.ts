import { DomainError, isTerminal, type Job, type JobId, type JobRequest, parseJobId } from "@drover/core";
import {
  inputFolder,
  jobFolder,
  manifestKey,
  readManifest,
  tombstone,
  writeManifest,
} from "@drover/job-files";
import type { Deps } from "../deps.js";
import { selfLink, viewJob } from "../job-view.js";
import { findJob, throwMissing } from "./find-job.js";
import type { Handler } from "./handler.js";
import { assertNotStopping } from "./health.js";
import { assertSmall } from "./job-request.js";
import { waitForJob } from "./wait-for.js";

export const cancelJob: Handler<"cancelJob"> = async (input, deps) => {
  const job = await findJob(input.params.job_id, deps);
  const answer = await deps.queue.jobs.cancel(job.id);
  switch (answer) {
    case "not_found":
      return throwMissing(job.id, deps);
    case "already_finished":
      throw new DomainError("job_already_finished", `Job ${job.id} had finished before the cancel came.`);
    case "cancelling":
      return { kind: "json", status: 202, body: { job_id: job.id, status: answer } };
    case "cancelled":
      // No worker will ever see this job, so nobody else says on disk that it is not to be restored.
      await settleManifest(job, deps);
      return { kind: "json", status: 200, body: { job_id: job.id, status: answer } };
  }
};

async function settleManifest(job: Job, deps: Deps): Promise<void> {
  try {
    const manifest = await readManifest(job.input.key, deps.store);
    if (manifest === undefined) return;
    await writeManifest({ ...manifest, settled: { status: "cancelled", at: deps.now() } }, deps.store);
  } catch (error) {
    // The job is cancelled whatever happens here; only after a loss of all of Redis could the manifest bring it back.
    deps.log.warn("The manifest of a cancelled job could not be marked.", { job_id: job.id, error });
  }
}

export const retryJob: Handler<"retryJob"> = async (input, deps) => {
  assertNotStopping(deps);
  const job = await findJob(input.params.job_id, deps);
  assertRetryable(job);
  const params = input.body?.params;
  if (params !== undefined) deps.checkParams(await deps.processors.require(job.processor), params);
  if ((await deps.store.stat(job.input.key)) === undefined) {
    throw new DomainError("input_expired", `The input of job ${job.id} was removed; upload the file again.`);
  }
  const request = { ...(await requestOfJob(job, deps)), ...(params === undefined ? {} : { params }) };
  assertSmall(request);
  // The manifest first: a job that is queued again must come back if Redis loses it.
  await writeManifest({ version: 1, request, settled: null }, deps.store);
  const queued = await deps.queue.jobs.retry(job.id, params);
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

/** The manifest of a retry that was refused speaks of a run that will not be: it gets the params of the one that will, or goes with a deleted job. Throws `job_not_found` then. */
async function correctManifest(request: JobRequest, deps: Deps): Promise<void> {
  const job = await deps.queue.jobs.get(request.id);
  if (job === undefined) {
    await deps.store.remove(inputFolder(request.input.key));
    await throwMissing(request.id, deps);
  } else if (!isTerminal(job.status))
    await writeManifest(
      { version: 1, request: { ...request, params: job.params }, settled: null },
      deps.store,
    );
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

/** What was asked for. The manifest has all of it; without one the job's own members do, and its time limits are the processor's. */
async function requestOfJob(job: Job, deps: Deps): Promise<JobRequest> {
  const manifest = await readManifest(job.input.key, deps.store);
  if (manifest !== undefined) return manifest.request;
  const { id, processor, input, params, tags, priority, runAt, maxAttempts, createdAt } = job;
  return {
    ...{ id, processor, input, params, tags, priority, runAt, maxAttempts, createdAt },
    timeoutMs: null,
    queueTimeoutMs: null,
  };
}

/** How long it is known that a job is gone. */
const TOMBSTONE_TTL_MS = 30 * 24 * 3_600_000;
/** How long a delete waits for a running attempt to stop. */
const STOP_MS = 5_000;

export const deleteJob: Handler<"deleteJob"> = async (input, deps) => {
  const job = await findDamagedJob(input.params.job_id, deps);
  if (typeof job === "string") return eraseDamaged(job, deps);
  if (!isTerminal(job.status)) await stopJob(job.id, deps);
  // The manifest first: a process that dies here must not leave one that brings the job back. Files without a job are swept.
  await deps.store.remove(manifestKey(job.input.key));
  if (!(await deps.queue.jobs.remove(job.id))) throw stillRunning(job.id);
  await Promise.all([deps.store.remove(jobFolder(job.id)), deps.store.remove(inputFolder(job.input.key))]);
  return { kind: "empty", status: 204 };
};

/** The job, or only its id when its record cannot be read. */
async function findDamagedJob(idText: string, deps: Deps): Promise<Job | JobId> {
  try {
    return await findJob(idText, deps);
  } catch (error) {
    if (error instanceof DomainError && error.code === "job_unreadable") return parseJobId(idText);
    throw error;
  }
}

/** The record no longer says which input is the job's: the tombstone lets the sweeper remove that with its manifest. */
async function eraseDamaged(id: JobId, deps: Deps): Promise<{ kind: "empty"; status: 204 }> {
  await deps.queue.facts.set(tombstone(id), new Date(deps.now()).toISOString(), TOMBSTONE_TTL_MS);
  await deps.queue.jobs.remove(id);
  await deps.store.remove(jobFolder(id));
  return { kind: "empty", status: 204 };
}

async function stopJob(id: JobId, deps: Deps): Promise<void> {
  if ((await deps.queue.jobs.cancel(id)) !== "cancelling") return;
  const stopped = await waitForJob(
    id,
    { deadlineMs: STOP_MS, signals: [], until: (now) => now === undefined || isTerminal(now.status) },
    deps,
  );
  if (stopped !== undefined && !isTerminal(stopped.status)) throw stillRunning(id);
}

function stillRunning(id: JobId): DomainError {
  return new DomainError(
    "job_not_finished",
    `Job ${id} is being cancelled and runs still; delete it again soon.`,
    {
      retryAfterS: 2,
    },
  );
}
