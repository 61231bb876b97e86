import type { Job } from "./answers.js";
import { callJson, type Server } from "./request.js";
import { retryTransient } from "./retry-transient.js";

export interface WaitOptions {
  /** Called with each reading of the job, the terminal one included. With it the job is read about once a second, else when its status changes. */
  readonly onUpdate?: (job: Job) => void;
  /** Give up after this long without one good answer, in ms. Default 5 min; the job itself may take as long as it takes. */
  readonly giveUpAfterMs?: number;
  readonly signal?: AbortSignal;
}

/** Longest hold of one request; proxies commonly cut silent requests after 60 s. */
const HOLD_S = 30;

/** A status that this version does not know is terminal when the job has a time of completion. */
const TERMINAL: readonly string[] = ["completed", "failed", "cancelled"];

/** Reads the job until it is `completed`, `failed` or `cancelled`, and answers it. */
export async function waitForJob(server: Server, jobId: string, options: WaitOptions): Promise<Job> {
  const { onUpdate, giveUpAfterMs = 300_000, signal } = options;
  const query = { wait: onUpdate === undefined ? HOLD_S : 1 };
  let holdS = 0; // the first reading answers at once
  for (;;) {
    const job = await retryTransient({ giveUpAfterMs, signal }, () =>
      callJson(server, "getJob", {
        params: { job_id: jobId },
        query: { wait: holdS },
        signal,
        timeoutMs: (holdS + 30) * 1000,
      }),
    );
    onUpdate?.(job);
    if (job.completed_at !== null || TERMINAL.includes(job.status)) return job;
    holdS = query.wait;
  }
}
