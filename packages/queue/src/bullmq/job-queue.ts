import { setTimeout as sleep } from "node:timers/promises";
import type {
  CancelAnswer,
  Job,
  JobHistory,
  JobId,
  JobPage,
  JobQuery,
  JobQueue,
  JobRequest,
} from "@drover/core";
import { CANCELLED, encodeRequest } from "../codec.js";
import { HISTORY_LIMIT } from "../history.js";
import type { RedisKeys } from "../keys.js";
import { type Listed, listJobs } from "../query.js";
import { isServerTrouble, type RedisLink } from "../redis.js";
import { appendEvents, finishedEvent, HISTORY_TTL_MS, readHistory } from "./history.js";
import type { JobLocator } from "./locator.js";
import type { BullQueues } from "./queues.js";
import { readJob } from "./snapshot.js";

/** BullMQ runs the lowest number first and treats 0 apart, so −100…100, highest first, becomes 201…1. */
const bullPriority = (priority: number): number => 101 - priority;

/** What is left of a retry after its first step takes no longer: a wait for the connection, then one for the answer. */
const RETRY_MS = 3_000;

/** An entry of the index whose job is missing is an aborted submit once it is this old. */
const DANGLING_AFTER_MS = 600_000;

/** The jobs in BullMQ's queues. State comes from BullMQ alone, read together with the fields in one script. */
export class BullJobQueue implements JobQueue {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #queues: BullQueues;
  readonly #locator: JobLocator;
  readonly #lookAgainMs: number;

  constructor(deps: {
    link: RedisLink;
    keys: RedisKeys;
    queues: BullQueues;
    locator: JobLocator;
    lookAgainMs: number;
  }) {
    this.#link = deps.link;
    this.#keys = deps.keys;
    this.#queues = deps.queues;
    this.#locator = deps.locator;
    this.#lookAgainMs = deps.lookAgainMs;
  }

  async submit(request: JobRequest, options: { readonly isRestored?: boolean } = {}): Promise<Job> {
    const data = encodeRequest(request);
    await this.#locator.add(request);
    await this.#link.use(() =>
      this.#queues.queue(request.processor).add(request.processor, data, {
        jobId: request.id,
        timestamp: request.createdAt,
        attempts: request.maxAttempts,
        backoff: { type: "custom" },
        priority: bullPriority(request.priority),
        delay: Math.max(0, (request.runAt ?? 0) - Date.now()),
        stackTraceLimit: 0,
      }),
    );
    if (options.isRestored === true)
      await appendEvents(this.#link, this.#keys, request, { type: "restored", at: Date.now() });
    const job = await this.#read(request.processor, request.id); // the stored one: an id that existed keeps its own
    if (job === undefined) throw new Error(`job ${request.id} was erased while it was being submitted`);
    // The index has the time of the last request. And an old entry may have been dropped as one without a job, just before there was one.
    if (job.createdAt !== request.createdAt || options.isRestored === true) await this.#locator.add(job);
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
    return listJobs(
      {
        following: (after, limit) => this.#locator.following(after, limit),
        jobs: (listed) => Promise.all(listed.map((place) => this.#listed(place))),
      },
      query,
    );
  }

  async cancel(id: JobId): Promise<CancelAnswer> {
    const processor = await this.#locator.find(id);
    if (processor === undefined) return "not_found";
    const lists = ["completed", "failed", "delayed", "active", "wait", "prioritized", "paused", "events"];
    const event = JSON.stringify({ type: "cancel_requested", at: Date.now() });
    return (await this.#link.run(
      "cancel",
      [
        this.#keys.job(processor, id),
        ...lists.map((name) => this.#keys.queue(processor, name)),
        this.#keys.history(processor, id),
      ],
      [id, Date.now(), CANCELLED, event, HISTORY_LIMIT, HISTORY_TTL_MS],
    )) as CancelAnswer;
  }

  async retry(id: JobId, params?: Readonly<Record<string, unknown>>): Promise<Job | undefined> {
    const job = await this.get(id);
    if (job === undefined || (job.status !== "failed" && job.status !== "cancelled")) return undefined;
    const { processor } = job;
    const stored = await this.#link.use(() => this.#queues.queue(processor).getJob(id));
    if (stored === undefined) return undefined;
    const data =
      params === undefined
        ? ""
        : JSON.stringify(encodeRequest({ ...(stored.data as Omit<JobRequest, "id">), id, params }));
    const isArmed = await this.#link.run(
      "rearm",
      [this.#keys.job(processor, id), this.#keys.queue(processor, "failed")],
      [id, data, RETRY_MS],
    );
    if (isArmed !== 1) return undefined;
    try {
      await this.#link.use(() => stored.retry("failed", { resetAttemptsMade: true }));
    } catch (error) {
      if (isServerTrouble(error)) throw error;
      return undefined; // another caller's retry came first
    }
    const finished = finishedEvent(job);
    await appendEvents(this.#link, this.#keys, job, ...(finished === undefined ? [] : [finished]), {
      type: "retried",
      at: Date.now(),
    });
    return this.#read(processor, id);
  }

  async remove(id: JobId): Promise<boolean> {
    const processor = await this.#locator.find(id);
    if (processor === undefined) return true;
    const job = await this.#read(processor, id);
    if (job?.status === "running") return false;
    const isRemoved =
      job === undefined || (await this.#link.use(() => this.#queues.queue(processor).remove(id))) === 1;
    if (!isRemoved) return false; // a worker took it in between
    await this.#link.use((client) => client.del(this.#keys.history(processor, id)));
    await this.#locator.remove(id);
    return true;
  }

  async changed(id: JobId, signal: AbortSignal): Promise<void> {
    const processor = await this.#locator.find(id);
    const end = new AbortController();
    const either = AbortSignal.any([signal, end.signal]);
    const event =
      processor === undefined ? new Promise<never>(() => {}) : this.#queues.nextEvent(processor, id, either);
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

  async #listed(place: Listed): Promise<Job | undefined> {
    const processor = await this.#locator.find(place.id);
    if (processor === undefined) return undefined;
    const job = await this.#read(processor, place.id);
    if (job === undefined && Date.now() - place.createdAt > DANGLING_AFTER_MS)
      await this.#locator.drop(place);
    return job;
  }
}
