import type { Job, JobId } from "@drover/core";
import type { Deps } from "../deps.js";

export interface WaitOptions {
  readonly deadlineMs: number;
  /** Ends the wait early: the client has gone, or the process stops. */
  readonly signals: readonly AbortSignal[];
  /** Whether the wait is over with the job as it stands; `undefined` when there is no such job (any more). */
  readonly until: (job: Job | undefined) => boolean;
}

/**
 * The job once `until` holds, or as it stands when the deadline passed or a signal aborted. One read when it holds at once.
 * Each watch begins before the read that it follows, so that no change falls between the two.
 */
export async function waitForJob(
  id: JobId,
  options: WaitOptions,
  deps: Pick<Deps, "queue">,
): Promise<Job | undefined> {
  if (options.deadlineMs <= 0) return deps.queue.jobs.get(id);
  const over = new AbortController();
  const end = AbortSignal.any([over.signal, AbortSignal.timeout(options.deadlineMs), ...options.signals]);
  try {
    for (;;) {
      const change = deps.queue.jobs.changed(id, end);
      change.catch(() => {}); // when the read below throws as well, nobody awaits it any more
      const job = await deps.queue.jobs.get(id);
      if (options.until(job) || end.aborted) return job;
      await change;
    }
  } finally {
    over.abort(); // ends the watch that nobody awaits any more
  }
}
