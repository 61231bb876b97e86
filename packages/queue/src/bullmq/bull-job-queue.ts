import { setTimeout as sleep } from "node:timers/promises";
import {
  type CancelAnswer,
  type EventSink,
  type Job,
  type JobHistory,
  type JobId,
  type JobPage,
  type JobQuery,
  type JobQueue,
  type JobRequest,
  type JobStatistics,
  UnconfirmedSubmit,
} from "@drover/core";
import { encodeRequest } from "../job-codec.js";
import { type JobIndex, listJobs } from "../job-listing.js";
import { isCertain } from "../redis-errors.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import type { BullQueues } from "./bull-queues.js";
import { addOptions } from "./bullmq-internals.js";
import type { EventStreams } from "./event-streams.js";
import { CANCELLED } from "./failed-reason.js";
import { appendEvents, HISTORY_LIMIT, HISTORY_TTL_MS, readHistory } from "./job-history.js";
import { redisJobIndex } from "./job-index.js";
import type { JobLocator } from "./job-locator.js";
import { dropReceiver, keepReceiver } from "./job-receivers.js";
import { isDamaged, readJob, readRecord } from "./job-snapshot.js";
import { queueAgain } from "./queue-again.js";
import { addDeadline } from "./queue-deadlines.js";
import type { RedisTenantUse } from "./tenant-use.js";

const CANCEL_KEYS = [
  "completed",
  "failed",
  "delayed",
  "active",
  "wait",
  "prioritized",
  "paused",
  "events",
] as const;
const ERASE_KEYS = [
  "active",
  "wait",
  "paused",
  "stalled",
  "prioritized",
  "delayed",
  "completed",
  "failed",
] as const;

export interface BullJobQueueDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly queues: BullQueues;
  readonly streams: EventStreams;
  /** Finds the jobs that there are for it: those of all tenants, or of one. */
  readonly locator: JobLocator;
  readonly use: RedisTenantUse;
  readonly statistics: Pick<JobStatistics, "count">;
  readonly events: EventSink;
  readonly lookAgainMs: number;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
}

/**
 * The jobs in BullMQ's queues. State comes from BullMQ alone, read together with the fields in one script.
 */
export class BullJobQueue implements JobQueue {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #queues: BullQueues;
  readonly #streams: EventStreams;
  readonly #locator: JobLocator;
  readonly #use: RedisTenantUse;
  readonly #index: JobIndex;
  readonly #statistics: Pick<JobStatistics, "count">;
  readonly #events: EventSink;
  readonly #lookAgainMs: number;
  readonly #now: () => number;

  constructor(deps: BullJobQueueDeps) {
    this.#link = deps.link;
    this.#keys = deps.keys;
    this.#queues = deps.queues;
    this.#streams = deps.streams;
    this.#locator = deps.locator;
    this.#use = deps.use;
    this.#index = redisJobIndex(deps);
    this.#statistics = deps.statistics;
    this.#events = deps.events;
    this.#lookAgainMs = deps.lookAgainMs;
    this.#now = deps.now;
  }

  async submit(request: JobRequest, options: { readonly isRestored?: boolean } = {}): Promise<Job> {
    const data = encodeRequest(request);
    // Sent in this order over one connection, and not waited for in between. An entry without a job is
    // harmless; a job without its entry is not confirmed.
    const entered = Promise.all([
      this.#locator.add(request),
      addDeadline(this.#link, this.#keys, request),
      keepReceiver(this.#link, this.#keys, request),
      this.#use.begin(request),
    ]);
    entered.catch(() => {}); // met below, unless the job was not added
    try {
      const { processor } = request;
      await this.#link.use(() => this.#queues.queue(processor).add(processor, data, addOptions(request)));
    } catch (error) {
      if (!isCertain(error)) throw new UnconfirmedSubmit(request.id, error);
      await this.#dropUnlessStored(request);
      throw error;
    }
    try {
      await entered;
      const stored = await this.#stored(request, options.isRestored === true);
      if (options.isRestored !== true) this.#events.emit("job.submitted", { processor: request.processor });
      return stored;
    } catch (error) {
      throw new UnconfirmedSubmit(request.id, error);
    }
  }

  async #dropUnlessStored(request: JobRequest): Promise<void> {
    try {
      if ((await this.#read(request.processor, request.id)) !== undefined) return;
      await this.#locator.drop(request);
      await dropReceiver(this.#link, this.#keys, request);
      await this.#use.drop(request, request.tenant);
    } catch {
      // a listing drops it later
    }
  }

  /** The job as it is stored after it was added: an id that existed keeps its own. */
  async #stored(request: JobRequest, isRestored: boolean): Promise<Job> {
    if (isRestored)
      await appendEvents(this.#link, this.#keys, request, { type: "restored", at: this.#now() });
    const job = await this.#read(request.processor, request.id);
    if (job === undefined) throw new Error(`job ${request.id} was erased while it was being submitted`);
    // The index has the time of the last request. And an old entry may have been dropped as one without a
    // job, just before there was one.
    if (job.createdAt !== request.createdAt || isRestored) await this.#locator.add(job);
    return job;
  }

  async get(id: JobId): Promise<Job | undefined> {
    const processor = await this.#locator.find(id);
    if (processor === undefined) return undefined;
    const job = await this.#read(processor, id);
    if (job === undefined) this.#locator.forget(id);
    return job;
  }

  list(query: JobQuery): Promise<JobPage> {
    return listJobs(this.#index, query);
  }

  async cancel(id: JobId): Promise<CancelAnswer> {
    const processor = await this.#locator.find(id);
    if (processor === undefined) return "not_found";
    return (await this.#link.run(
      "cancel",
      [
        this.#keys.job(processor, id),
        ...this.#keys.queueAll(processor, CANCEL_KEYS),
        this.#keys.history(processor, id),
      ],
      [id, CANCELLED, HISTORY_LIMIT, HISTORY_TTL_MS],
    )) as CancelAnswer;
  }

  async retry(id: JobId, params?: Readonly<Record<string, unknown>>): Promise<Job | undefined> {
    const job = await this.get(id);
    if (job === undefined || (job.status !== "failed" && job.status !== "cancelled")) return undefined;
    const deps = { link: this.#link, keys: this.#keys, queues: this.#queues, now: this.#now };
    return (await queueAgain(job, params, deps)) ? this.#read(job.processor, id) : undefined;
  }

  async remove(id: JobId): Promise<boolean> {
    const processor = await this.#locator.find(id);
    if (processor === undefined) return true;
    const found = await readRecord(this.#link, this.#keys, { processor, id });
    if (found === undefined || isDamaged(found)) {
      await this.#erase(processor, id);
    } else {
      if (found.status === "running") return false;
      await this.#statistics.count(found); // whoever would settle it finds it no more
      const removed = await this.#link.use(() => this.#queues.queue(processor).remove(id));
      if (removed !== 1) return false; // a worker took it in between
      await this.#link.use((client) =>
        Promise.all([
          client.del(this.#keys.history(processor, id)),
          client.hdel(this.#keys.receivers(processor), id),
          client.zrem(this.#keys.line(processor, found.tenant), id),
        ]),
      );
    }
    const tenant = found === undefined || isDamaged(found) ? undefined : found.tenant;
    await Promise.all([this.#locator.remove(id), this.#use.drop({ id, processor }, tenant)]);
    return true;
  }

  async changed(id: JobId, signal: AbortSignal): Promise<void> {
    const processor = await this.#locator.find(id);
    const end = new AbortController();
    const either = AbortSignal.any([signal, end.signal]);
    const event =
      processor === undefined ? new Promise<never>(() => {}) : this.#streams.nextEvent(processor, id, either);
    await Promise.race([event, sleep(this.#lookAgainMs, undefined, { signal: either }).catch(() => {})]);
    end.abort();
  }

  async history(id: JobId): Promise<JobHistory> {
    const job = await this.get(id);
    return job === undefined ? { events: [], logs: [] } : readHistory(this.#link, this.#keys, job);
  }

  #read(processor: string, id: JobId): Promise<Job | undefined> {
    return readJob(this.#link, this.#keys, { processor, id });
  }

  /** Removes what BullMQ cannot: it reads a job before it removes it. */
  async #erase(processor: string, id: JobId): Promise<void> {
    await this.#link.run(
      "erase",
      [
        this.#keys.job(processor, id),
        this.#keys.lock(processor, id),
        this.#keys.logs(processor, id),
        this.#keys.history(processor, id),
        ...this.#keys.queueAll(processor, ERASE_KEYS),
        this.#keys.receivers(processor),
      ],
      [id],
    );
  }
}
