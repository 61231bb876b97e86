import type { Job, JobId } from "@drover/core";
import { decodeSnapshot } from "../codec.js";
import type { RedisKeys } from "../keys.js";
import type { RedisLink } from "../redis.js";

const LISTS = ["completed", "failed", "delayed", "active", "wait", "prioritized"];

/** A job of a queue as it stands now, in one round trip; `undefined` when the queue has none of the id. */
export async function readJob(
  link: RedisLink,
  keys: RedisKeys,
  job: { readonly processor: string; readonly id: JobId },
): Promise<Job | undefined> {
  const lists = LISTS.map((name) => keys.queue(job.processor, name));
  return decodeSnapshot(
    job.id,
    await link.run("snapshot", [keys.job(job.processor, job.id), ...lists], [job.id]),
  );
}
