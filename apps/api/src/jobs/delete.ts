import { DomainError, isTerminal, type Job, type JobId, parseJobId } from "@drover/core";
import { bury, inputFolder, jobFolder, unbury } from "@drover/job-files";
import type { Deps } from "../deps.js";
import type { Handler } from "../http/handler.js";
import { findJob, RECENT_MS } from "./find-job.js";
import { waitForJob } from "./wait-for.js";

/** How long a delete waits for a running attempt to stop. */
const STOP_MS = 5_000;

export const deleteJob: Handler<"deleteJob"> = async (input, deps) => {
  await deps.installation.confirm(RECENT_MS);
  const job = await findDamagedJob(input.params.job_id, deps);
  if (typeof job === "string") return eraseDamaged(job, deps);
  if (!isTerminal(job.status)) await stopJob(job.id, deps);
  // The tombstone first: whatever dies or forgets from here on, nothing brings the job back, and the sweeper
  // removes what is left.
  await buryWithRoom(job, deps);
  if (!(await deps.queue.jobs.remove(job.id))) {
    await unbury(job.id, deps.store);
    throw stillRunning(job.id);
  }
  await Promise.all([deps.store.remove(jobFolder(job.id)), deps.store.remove(inputFolder(job.input.key))]);
  return { kind: "empty", status: 204 };
};

/**
 * On a full disk the artifacts of a completed job make room for its tombstone: whoever frees space by
 * deleting must get through. Only of a completed one: a retry that was just granted to another may be writing
 * its own.
 */
async function buryWithRoom(job: Job, deps: Deps): Promise<void> {
  try {
    await bury(job, deps.now(), deps.store);
  } catch (error) {
    const isFull = error instanceof DomainError && error.code === "storage_full";
    if (!isFull || job.status !== "completed") throw error;
    await deps.store.remove(jobFolder(job.id));
    await bury(job, deps.now(), deps.store);
  }
}

/** The job, or only its id when its record cannot be read. */
async function findDamagedJob(idText: string, deps: Deps): Promise<Job | JobId> {
  try {
    return await findJob(idText, deps);
  } catch (error) {
    if (error instanceof DomainError && error.code === "job_unreadable") return parseJobId(idText);
    throw error;
  }
}

/**
 * The record no longer says which input is the job's: by the tombstone the sweeper removes that with its
 * manifest.
 */
async function eraseDamaged(id: JobId, deps: Deps): Promise<{ kind: "empty"; status: 204 }> {
  await bury({ id }, deps.now(), deps.store);
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
