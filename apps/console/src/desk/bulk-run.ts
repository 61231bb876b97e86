import { type Client, ProblemError } from "@drover/client";
import type { JobFilter, JobStatus } from "@drover/contract";

/** What can be done to many jobs at once. */
export type BulkAction = "retry" | "cancel" | "delete";

/** Of which statuses: others are refused, or are not meant when everything is deleted that matches. */
const ACTS_ON: Readonly<Record<BulkAction, readonly JobStatus[]>> = {
  retry: ["failed", "cancelled"],
  cancel: ["queued", "running"],
  delete: ["completed", "failed", "cancelled"],
};

/** The statuses that an action is for, within a filter; none where they exclude each other. */
export function statusesFor(action: BulkAction, { status }: JobFilter): readonly JobStatus[] {
  return ACTS_ON[action].filter((each) => status === undefined || status === each);
}

const PAGE = 200;
/** Jobs that are worked on at a time. */
const CONCURRENCY = 6;
/** The longest wait for one that was refused for now, in ms. */
const LONGEST_WAIT_MS = 30_000;

export interface Watched {
  readonly signal: AbortSignal;
  /** Told how many it is now. */
  readonly onCount: (count: number) => void;
}

/** The ids of all jobs that an action is for. They are all found before the first one is changed. */
export async function findJobs(
  client: Pick<Client, "listAll">,
  { action, filter }: { readonly action: BulkAction; readonly filter: JobFilter },
  { signal, onCount }: Watched,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const status of statusesFor(action, filter)) {
    for await (const { job_id } of client.listAll({ ...filter, status, limit: PAGE }, { signal })) {
      ids.push(job_id);
      if (ids.length % PAGE === 1) onCount(ids.length);
    }
  }
  onCount(ids.length);
  return ids;
}

/** A job that was left as it is. */
export interface Refusal {
  readonly jobId: string;
  readonly message: string;
}

export interface BulkResult {
  readonly done: number;
  readonly refused: readonly Refusal[];
}

/**
 * Does it to each of the jobs, six at a time. A job that the server refuses is noted and the others go on; one that it
 * refuses for now (429) waits as long as it is told to.
 * @returns what was done, also when the signal aborts.
 * @throws when the server cannot be reached.
 */
export async function runBulk(
  ids: readonly string[],
  act: (jobId: string, signal: AbortSignal) => Promise<void>,
  { signal, onCount }: Watched,
): Promise<BulkResult> {
  const refused: Refusal[] = [];
  let done = 0;
  const left = ids.values();
  const work = async () => {
    for (const jobId of left) {
      if (signal.aborted) return;
      try {
        await whenAdmitted(() => act(jobId, signal), signal);
        done++;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ProblemError)) throw error;
        refused.push({ jobId, message: error.message });
      }
      onCount(done + refused.length);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { done, refused };
}

async function whenAdmitted(act: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status !== 429) throw error;
      await pause(Math.min(LONGEST_WAIT_MS, (error.retryAfterS ?? 1) * 1_000), signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** What the action does to one job. One that was retried since it was found is not deleted. */
export function actOn(
  client: Pick<Client, "retry" | "cancel" | "remove" | "get">,
  action: BulkAction,
): (jobId: string, signal: AbortSignal) => Promise<void> {
  return async (jobId, signal) => {
    if (action === "retry") await client.retry(jobId, { signal });
    else if (action === "cancel") await client.cancel(jobId, { signal });
    else if (await isStillFinished(client, jobId, signal)) await client.remove(jobId, { signal });
  };
}

async function isStillFinished(client: Pick<Client, "get">, jobId: string, signal: AbortSignal) {
  try {
    const { status } = await client.get(jobId, { signal });
    return ACTS_ON.delete.some((each) => each === status);
  } catch (error) {
    if (error instanceof ProblemError && [404, 410].includes(error.status)) return false; // it is gone
    throw error;
  }
}
