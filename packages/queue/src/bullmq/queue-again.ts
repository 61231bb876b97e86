import type { Job, JobRequest } from "@drover/core";
import { encodeRequest } from "../job-codec.js";
import { isServerTrouble } from "../redis-errors.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import type { BullQueues } from "./bull-queues.js";
import { appendEvents, finishedEvent } from "./job-history.js";

/**
 * What is left of a retry after its first step takes no longer: a wait for the connection, then one for the
 * answer.
 */
const RETRY_MS = 3_000;

interface QueueAgainDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly queues: BullQueues;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
}

/**
 * Queues a job that failed or was cancelled as if it were new, with other params if some are given.
 * @returns false when it is not there, has not failed any more, or another caller's retry came first.
 */
export async function queueAgain(
  job: Job,
  params: Readonly<Record<string, unknown>> | undefined,
  { link, keys, queues, now }: QueueAgainDeps,
): Promise<boolean> {
  const { id, processor } = job;
  const stored = await link.use(() => queues.queue(processor).getJob(id));
  if (stored === undefined) return false;
  const data =
    params === undefined
      ? ""
      : JSON.stringify(encodeRequest({ ...(stored.data as Omit<JobRequest, "id">), id, params }));
  const isArmed = await link.run(
    "queue-again",
    [keys.job(processor, id), keys.queue(processor, "failed"), keys.owedEnds(processor)],
    [id, data, RETRY_MS, JSON.stringify(job)],
  );
  if (isArmed !== 1) return false;
  try {
    await link.use(() => stored.retry("failed", { resetAttemptsMade: true }));
  } catch (error) {
    if (isServerTrouble(error)) throw error;
    return false;
  }
  const finished = finishedEvent(job);
  await appendEvents(link, keys, job, ...(finished === undefined ? [] : [finished]), {
    type: "retried",
    at: now(),
  });
  return true;
}
