import {
  type BlobStore,
  isTerminal,
  type JobId,
  type JobRequest,
  jobFields,
  type Log,
  type LogFields,
  type QueuePorts,
} from "@drover/core";
import { readTombstone, settleManifest } from "@drover/job-files";
import { eraseBuried } from "./orphans.js";

export interface SettlerDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "finished" | "statistics">;
  readonly blobs: BlobStore;
  readonly log: Log;
}

/** A job to settle: not all of its request, since many may wait. */
interface Waiting {
  readonly id: JobId;
  /** For log lines about it. */
  readonly fields: LogFields;
}

/** Jobs that are settled at a time. */
const AT_A_TIME = 4;
/** Jobs that may wait; past it they are left to the sweeper. */
const MAX_WAITING = 10_000;

/**
 * Writes into the manifests of jobs how they ended, lets completed ones take less room in Redis, and removes
 * their inputs once their end has surely outlived a crash of Redis. Beside the slots: the next attempt need not wait for it. What a
 * killed worker leaves undone, the sweeper does.
 */
export class Settler {
  readonly #deps: SettlerDeps;
  readonly #waiting: Waiting[] = [];
  readonly #working = new Set<Promise<void>>();
  readonly #removing = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
  }

  /** To be called when the end of the job is recorded. */
  readonly settle = (request: JobRequest): void => {
    const { id } = request;
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ id, fields: jobFields(request) });
    this.#work();
  };

  /** Resolves when nothing is left to do, inputs included. */
  async idle(): Promise<void> {
    while (this.#working.size + this.#removing.size > 0)
      await Promise.race([...this.#working, ...this.#removing]);
  }

  /** Waits for the manifests up to `deadlineMs`; inputs that may not go yet are left to the sweeper. */
  async drain(deadlineMs: number): Promise<void> {
    this.#stop.abort();
    const deadline = new Promise((resolve) => setTimeout(resolve, deadlineMs).unref());
    await Promise.race([this.idle(), deadline]);
  }

  #work(): void {
    while (this.#working.size < AT_A_TIME) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const work = this.#settleOne(next.id)
        .catch((error: unknown) => {
          this.#deps.log.warn("The manifest of a job is left for the sweeper to settle", {
            ...next.fields,
            error,
          });
        })
        .finally(() => {
          this.#working.delete(work);
          this.#work();
        });
      this.#working.add(work);
    }
  }

  async #settleOne(id: JobId): Promise<void> {
    const { queue, blobs } = this.#deps;
    const job = await queue.jobs.get(id);
    if (job === undefined || !isTerminal(job.status)) return; // deleted, or retried by a person
    const stone = await readTombstone(id, blobs);
    if (stone !== undefined && job.createdAt <= stone.at) {
      await eraseBuried(stone, this.#deps); // it was deleted, and Redis had forgotten
      return;
    }
    await queue.statistics.count(job);
    const isSettled = await settleManifest(job, blobs, () => queue.jobs.get(id));
    if (!isSettled || job.status !== "completed") return;
    if (!this.#stop.signal.aborted) this.#removeInput(job.input.key, jobFields(job));
    await queue.finished.condense(job);
  }

  #removeInput(key: string, fields: LogFields): void {
    const removal = this.#deps.queue.finished
      .synced(this.#stop.signal)
      .then(() => this.#deps.blobs.remove(key))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#deps.log.warn("The input of a completed job is left for the sweeper", { ...fields, error });
      })
      .finally(() => this.#removing.delete(removal));
    this.#removing.add(removal);
  }
}
