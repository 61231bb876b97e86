import { type Job, type JobId, jobFields, type LogFields, type QueuePorts } from "@drover/core";
import { settleManifest } from "@drover/job-files";
import type { Deps } from "../deps.js";

type SettleDeps = Pick<Deps, "store" | "log"> & { readonly queue: Pick<QueuePorts, "jobs" | "statistics"> };

/**
 * Has the manifest of a job that ended without a worker say how. What cannot be written now the sweeper
 * writes. Never rejects.
 * @returns fields for log lines about the job: what is known of it.
 */
export async function settleJob(id: JobId, { queue, store, log }: SettleDeps): Promise<LogFields> {
  let job: Job | undefined;
  try {
    job = await queue.jobs.get(id);
    if (job === undefined) return { job_id: id };
    await queue.statistics.count(job);
    await settleManifest(job, store, () => queue.jobs.get(id));
  } catch (error) {
    const fields = fieldsOf(id, job);
    log.warn("The manifest of a finished job could not be settled; the sweeper will.", { ...fields, error });
  }
  return fieldsOf(id, job);
}

function fieldsOf(id: JobId, job: Job | undefined): LogFields {
  return job === undefined ? { job_id: id } : jobFields(job);
}

/** Time between two looks for jobs that waited too long, in ms. */
const LOOK_MS = 5_000;
/** Jobs that one look ends. */
const AT_A_TIME = 50;

/**
 * Ends the jobs that waited longer than their limit, every 5 s: the workers' sweeper does too, but a job that
 * no worker serves has its limit as well. Any number of apis may do it, each job is ended once.
 * @returns how to stop.
 */
export function watchDeadlines(
  deps: SettleDeps & { readonly queue: Pick<QueuePorts, "deadlines"> },
  everyMs = LOOK_MS,
): () => void {
  const look = async () => {
    try {
      for (const id of await deps.queue.deadlines.failLate(AT_A_TIME)) {
        const fields = await settleJob(id, deps);
        deps.log.info("A job waited longer than its limit", { ...fields, code: "queue_timeout" });
      }
    } catch (error) {
      deps.log.debug("Could not look for jobs that waited too long; done again in a moment.", { error });
    }
  };
  const timer = setInterval(() => void look(), everyMs).unref();
  return () => clearInterval(timer);
}
