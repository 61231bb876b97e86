import { randomBytes } from "node:crypto";
import {
  type Attempt,
  type Job,
  type JobEvent,
  type JobRequest,
  jobFields,
  type Log,
  type LogLine,
  type Progress,
  type StopReason,
} from "@drover/core";
import type { StampedProgress } from "../job-codec.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import { HISTORY_LIMIT, HISTORY_TTL_MS } from "./job-history.js";
import { readJob } from "./job-snapshot.js";
import type { LeaseTimes } from "./lease-times.js";

export interface BullAttemptDeps {
  readonly request: JobRequest;
  readonly number: number;
  /** BullMQ's lock token: what proves the lease. */
  readonly token: string;
  readonly workerId: string;
  readonly keys: RedisKeys;
  readonly link: RedisLink;
  readonly log: Log;
  readonly lease: LeaseTimes;
  /** The server's wall time. */
  readonly now: () => number;
}

/** An attempt whose every write is refused by Redis once its lease is another's. */
export class BullAttempt implements Attempt {
  readonly id = randomBytes(5).toString("hex");
  readonly request: JobRequest;
  readonly number: number;
  /** Known from `begin` on. */
  reopenedEnd: number | null = null;
  /** Set when the outcome is in Redis; the lease is gone then, rightly. */
  isRecorded = false;
  readonly #deps: BullAttemptDeps;
  readonly #stop = new AbortController();
  #resolveEnded: () => void = () => {};
  /** Resolves when the worker is done with the attempt, recorded or not. */
  readonly ended = new Promise<void>((resolve) => {
    this.#resolveEnded = resolve;
  });
  #stage: string | null = null;
  #percent = 0;

  constructor(deps: BullAttemptDeps) {
    this.#deps = deps;
    this.request = deps.request;
    this.number = deps.number;
  }

  /** The server's wall time, ms since the epoch: what is noted about the attempt is stamped by it. */
  now(): number {
    return this.#deps.now();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(reason: StopReason): void {
    this.#stop.abort(reason);
  }

  /** The worker is done with the attempt. */
  end(): void {
    this.#resolveEnded();
  }

  /**
   * Notes in the job's history that the attempt began, and reads what was noted about the job before it.
   * Redis being away is no reason to end the attempt.
   * @returns whether somebody asked to cancel the job.
   */
  async begin(): Promise<boolean> {
    const { link, keys, request, token, workerId, log } = this.#deps;
    const { processor, id } = request;
    const event: JobEvent = { type: "started", at: this.now(), attempt: this.number, worker: workerId };
    try {
      const [cancel, rearmed] = (await link.run(
        "begin",
        [keys.job(processor, id), keys.lock(processor, id), keys.history(processor, id)],
        [token, this.number, JSON.stringify(event), HISTORY_LIMIT, HISTORY_TTL_MS],
      )) as [string | null, string | null];
      // "<end> <time of the retry>", by queue-again.lua.
      this.reopenedEnd = rearmed === null ? null : Number.parseInt(rearmed, 10);
      return cancel !== null;
    } catch (error) {
      log.debug("the start of an attempt was not noted", { ...jobFields(request, this.number), error });
      return false;
    }
  }

  async progress(progress: Progress): Promise<void> {
    this.#percent = Math.max(this.#percent, Math.min(100, progress.percent));
    const at = this.now();
    const stamped: StampedProgress = { ...progress, percent: this.#percent, attempt: this.number, at };
    const isNewStage = progress.stage !== null && progress.stage !== this.#stage;
    this.#stage = progress.stage;
    const event: JobEvent | undefined =
      isNewStage && progress.stage !== null
        ? { type: "stage", at, attempt: this.number, stage: progress.stage }
        : undefined;
    await this.#write({ progress: JSON.stringify(stamped), event });
  }

  async log(lines: readonly LogLine[]): Promise<void> {
    if (lines.length > 0) await this.#write({ lines: lines.slice(-HISTORY_LIMIT) });
  }

  /** Adds an event to the job's history. */
  async note(event: JobEvent, options: { readonly isRelease?: boolean } = {}): Promise<void> {
    await this.#write({ event, isRelease: options.isRelease ?? false });
  }

  /** Whether somebody asked to cancel the job; the mark outlives workers. */
  async isCancelRequested(): Promise<boolean> {
    const { link, keys, request } = this.#deps;
    return (
      (await link.use((client) =>
        client.hexists(keys.job(request.processor, request.id), "drover:cancel"),
      )) === 1
    );
  }

  /** The job as it stands now, whoever has it. */
  async readJob(): Promise<Job | undefined> {
    return readJob(this.#deps.link, this.#deps.keys, this.request);
  }

  /** Takes the lease back if it ran out and nobody else has the job. False when somebody has. */
  async reclaim(): Promise<boolean> {
    const { link, keys, request, token, lease } = this.#deps;
    const { processor, id } = request;
    const lists = keys.queueAll(processor, ["active", "stalled"]);
    const answer = await link.run(
      "reclaim",
      [keys.job(processor, id), keys.lock(processor, id), ...lists],
      [token, request.id, this.number, lease.leaseMs],
    );
    return answer === 1;
  }

  /** Writes what is lost without harm: Redis being away is no reason to end the attempt. */
  async #write(what: {
    progress?: string;
    event?: JobEvent | undefined;
    isRelease?: boolean;
    lines?: readonly LogLine[];
  }): Promise<void> {
    const { link, keys, request, token, log } = this.#deps;
    const { processor, id } = request;
    const event = what.event === undefined ? "" : JSON.stringify(what.event);
    const lines = (what.lines ?? []).map((line) => JSON.stringify(line));
    try {
      await link.run(
        "write",
        [
          keys.job(processor, id),
          keys.lock(processor, id),
          keys.queue(processor, "events"),
          keys.logs(processor, id),
          keys.history(processor, id),
        ],
        [
          token,
          request.id,
          what.progress ?? "",
          event,
          what.isRelease === true ? 1 : 0,
          HISTORY_LIMIT,
          HISTORY_TTL_MS,
          this.number,
          ...lines,
        ],
      );
    } catch (error) {
      log.debug("progress was not written", { ...jobFields(request, this.number), error });
    }
  }
}
