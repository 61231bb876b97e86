import type { JobId, QueuePorts } from "@drover/core";
import { settleManifest } from "@drover/job-files";
import type { Deps } from "../deps.js";

type SettleDeps = Pick<Deps, "store" | "log"> & { readonly queue: Pick<QueuePorts, "jobs" | "statistics"> };

/**
 * Has the manifest of a job that ended without a worker say how. What cannot be written now the sweeper
 * writes. Never rejects.
 */
export async function settleJob(id: JobId, { queue, store, log }: SettleDeps): Promise<void> {
  try {
    const job = await queue.jobs.get(id);
    if (job === undefined) return;
    await queue.statistics.count(job);
    await settleManifest(job, store, () => queue.jobs.get(id));
  } catch (error) {
    log.warn("The manifest of a finished job could not be settled; the sweeper will.", { job_id: id, error });
  }
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
        deps.log.info("A job waited longer than its limit", { job_id: id, code: "queue_timeout" });
        await settleJob(id, deps);
      }
    } catch (error) {
      deps.log.debug("Could not look for jobs that waited too long; done again in a moment.", { error });
    }
  };
  const timer = setInterval(() => void look(), everyMs).unref();
  return () => clearInterval(timer);
}
