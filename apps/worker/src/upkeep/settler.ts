import {
  type BlobStore,
  isTerminal,
  type Job,
  type JobId,
  type JobRequest,
  jobFields,
  type Log,
  type LogFields,
  type QueuePorts,
} from "@drover/core";
import { type Manifest, readTombstone, settleKnownManifest, settleManifest } from "@drover/job-files";
import { eraseBuried } from "./orphans.js";

export interface SettlerDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "finished" | "statistics">;
  readonly blobs: BlobStore;
  readonly log: Log;
}

/** A job to settle. */
interface Waiting {
  readonly id: JobId;
  readonly manifest: Manifest | undefined;
  /** For log lines about it. */
  readonly fields: LogFields;
}

/** Jobs that are settled at a time. */
const AT_A_TIME = 4;
/** Jobs that may wait; past it they are left to the sweeper. */
const MAX_WAITING = 10_000;

/**
 * Writes into the manifests of jobs how they ended, lets completed ones take less room in Redis, and removes
 * their inputs once their end has surely outlived a crash of Redis. Beside the slots: the next attempt need not
 * wait for it. What a killed worker leaves undone, the sweeper does.
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

  /**
   * To be called when the end of the job is recorded.
   * @param manifest what it said when the attempt that ended the job began; not settled.
   */
  readonly settle = (request: JobRequest, manifest?: Manifest): void => {
    const { id } = request;
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ id, manifest, fields: jobFields(request) });
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
      const work = this.#settleOne(next)
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

  async #settleOne({ id, manifest }: Waiting): Promise<void> {
    const { queue } = this.#deps;
    const job = await queue.jobs.get(id);
    if (job === undefined || !isTerminal(job.status)) return; // deleted, or retried by a person
    if (job.status === "completed") await this.#settleCompleted(job, manifest);
    else if (!(await this.#wasDeleted(job))) await this.#settleFailed(job);
  }

  /**
   * The manifest need not be read again: nothing but a worker of the job writes to it while the job runs, and
   * no retry opens it afterwards. Nor the tombstone: a running job is not deleted, and if Redis forgets that a
   * completed one was, the sweeper sees to it. That Redis still has it is known once it is condensed.
   */
  async #settleCompleted(job: Job, manifest: Manifest | undefined): Promise<void> {
    const { queue, blobs: store } = this.#deps;
    const readJob = async () => ((await queue.finished.condense(job)) ? job : queue.jobs.get(job.id));
    if (manifest === undefined && (await this.#wasDeleted(job))) return;
    const [isSettled] = await Promise.all([
      manifest === undefined
        ? settleManifest(job, store, readJob)
        : settleKnownManifest(manifest, { job, store, readJob }),
      queue.statistics.count(job),
    ]);
    if (isSettled && !this.#stop.signal.aborted) this.#removeInput(job.input.key, jobFields(job));
  }

  async #settleFailed(job: Job): Promise<void> {
    const { queue, blobs } = this.#deps;
    await queue.statistics.count(job);
    await settleManifest(job, blobs, () => queue.jobs.get(job.id));
  }

  /** Whether a person deleted the job and Redis had forgotten; it is erased then. */
  async #wasDeleted(job: Job): Promise<boolean> {
    const stone = await readTombstone(job.id, this.#deps.blobs);
    if (stone === undefined || job.createdAt > stone.at) return false;
    await eraseBuried(stone, this.#deps);
    return true;
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
