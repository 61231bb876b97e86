import type { EventSink, JobRef, Log } from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import { noteLostWorker } from "./job-history.js";
import { readJobFields } from "./job-snapshot.js";

interface LostWorkerDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly log: Log;
  readonly events: EventSink;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
}

/**
 * Notes in the history of a job that its worker was lost, and tells of it, once for each lost worker. Never
 * rejects: what cannot be noted now is noted with the job's next attempt.
 */
export async function tellOfLostWorker(ref: JobRef, deps: LostWorkerDeps): Promise<void> {
  const { link, keys, log, events, now } = deps;
  try {
    const attempt = await noteLostWorker(link, keys, { ...ref, at: now() });
    if (attempt === 0) return;
    events.emit("worker.lost", { processor: ref.processor });
    const fields = await readJobFields(link, keys, ref);
    log.warn("the worker of a job was lost; the job is back in line", { ...fields, attempt });
  } catch (error) {
    log.debug("a lost worker could not be noted; the next attempt will", { job_id: ref.id, error });
  }
}
