import { setMaxListeners } from "node:events";
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
 * The job once `until` holds, or as it stands when the deadline passed or a signal aborted. One read when it
 * holds at once. Each watch begins before the read that it follows, so that no change falls between the two.
 */
export async function waitForJob(
  id: JobId,
  options: WaitOptions,
  deps: Pick<Deps, "queue">,
): Promise<Job | undefined> {
  if (options.deadlineMs <= 0) return deps.queue.jobs.get(id);
  const over = new AbortController();
  const { signal: end } = over;
  const release = whenAnyAborts(options.signals, () => over.abort());
  const deadline = setTimeout(() => over.abort(), options.deadlineMs);
  try {
    for (;;) {
      const change = deps.queue.jobs.changed(id, end);
      change.catch(() => {}); // when the read below throws as well, nobody awaits it any more
      const job = await deps.queue.jobs.get(id);
      if (options.until(job) || end.aborted) return job;
      await change;
    }
  } finally {
    clearTimeout(deadline);
    release();
    over.abort(); // ends the watch that nobody awaits any more
  }
}

/**
 * Calls `stop` when one of the signals aborts or has aborted; the answer ends that. Not by `AbortSignal.any`:
 * on Node 20 a signal that lives as long as the process keeps about 60 bytes of every combination that it was
 * ever part of.
 */
export function whenAnyAborts(signals: readonly AbortSignal[], stop: () => void): () => void {
  setMaxListeners(0, ...signals); // one for each request that waits
  for (const signal of signals) {
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  }
  return () => {
    for (const signal of signals) signal.removeEventListener("abort", stop);
  };
}
