import { type JobId, type JobRequest, type Log, parseJobId } from "@drover/core";
import type { Job as BullJob } from "bullmq";
import { decodeRequest } from "../job-codec.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import { encodeFailure } from "./failed-reason.js";
import { isDamaged, readRecord } from "./job-snapshot.js";

export interface DamagedJobsDeps {
  readonly processor: string;
  /** How the lock tokens of this worker begin. */
  readonly tokenPrefix: string;
  readonly keys: RedisKeys;
  readonly link: RedisLink;
  readonly log: Log;
}

const FAILURE = encodeFailure({
  kind: "failed",
  code: "job_unreadable",
  message: "The record of this job in Redis is damaged. Delete it and submit the file again.",
  retryable: false,
});

/**
 * Ends the jobs that a worker was given and cannot read, each once, so that they come back to no worker.
 *
 * BullMQ moves a job to the active ones and locks it before it reads it. Where it cannot, it throws and
 * forgets the job, whose lock runs out; then the job is found without a worker and handed out again, for
 * ever.
 */
export class DamagedJobs {
  readonly #deps: DamagedJobsDeps;
  /** Looks that were asked for since the running one began, itself included. */
  #asked = 0;

  constructor(deps: DamagedJobsDeps) {
    this.#deps = deps;
  }

  /**
   * Looks at the active jobs that `isNobodys` and ends those that cannot be read. Never rejects. One look at
   * a time, and another one after it when asked for meanwhile: what a look misses would stall, and BullMQ
   * drops a job that is no hash from every list then.
   */
  async endThose(isNobodys: (id: string) => boolean): Promise<void> {
    this.#asked += 1;
    if (this.#asked > 1) return;
    while (this.#asked > 0) {
      this.#asked = 1;
      await this.#look(isNobodys);
      this.#asked -= 1;
    }
  }

  async #look(isNobodys: (id: string) => boolean): Promise<void> {
    const { link, keys, processor, log } = this.#deps;
    try {
      const active = await link.use((client) => client.lrange(keys.queue(processor, "active"), 0, -1));
      for (const id of active.filter(isNobodys)) {
        const found = await readRecord(link, keys, { processor, id: id as JobId });
        if (found === undefined || isDamaged(found)) await this.end(id);
      }
    } catch (error) {
      log.debug("damaged jobs could not be looked for; the next error asks again", { processor, error });
    }
  }

  /** Fails the job, if it is this worker's or nobody's. */
  async end(id: string): Promise<void> {
    const { link, keys, processor, log, tokenPrefix } = this.#deps;
    const [job, lock] = [keys.job(processor, id as JobId), keys.lock(processor, id as JobId)];
    const lists = keys.queueAll(processor, ["active", "stalled", "failed", "events"]);
    const answer = await link.run("end-damaged", [job, lock, ...lists], [id, FAILURE, tokenPrefix]);
    if (answer === "failed")
      log.error("a job failed because its record in Redis cannot be read", { job_id: id, processor });
    if (answer === "vanished")
      log.warn("a job was gone from Redis when its turn came", { job_id: id, processor });
  }
}

/**
 * What the job asks for; `undefined` when its record cannot be read, or is gone: evicted, or deleted by hand.
 */
export function readRequest(job: BullJob): JobRequest | undefined {
  const counts = [
    job.attemptsStarted - 1,
    job.attemptsMade,
    job.stalledCounter,
    (job.opts.attempts ?? 0) - 1,
  ];
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) return undefined;
  try {
    return decodeRequest(parseJobId(job.id ?? ""), job.data);
  } catch {
    return undefined; // not ours, or damaged: `end` says which
  }
}
