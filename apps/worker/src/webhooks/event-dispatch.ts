import {
  type Catalogue,
  type Clock,
  type Delivery,
  DomainError,
  type FoundEnds,
  type Job,
  type JobQueue,
  type WebhookEndpoint,
  type Webhooks,
} from "@drover/core";
import { deliveryIdOf, type EndEvent, eventOfJob } from "./event-body.js";

export interface EventDispatchDeps {
  readonly webhooks: Webhooks;
  readonly jobs: Pick<JobQueue, "get">;
  readonly catalogue: Pick<Catalogue, "read">;
  /** Processors that are looked at whether or not the catalogue knows them. */
  readonly processors: readonly string[];
  /** Wall time is the server's. */
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
}

/** The catalogue is read this often, in ms. */
const CATALOGUE_MS = 5_000;
/** Events that are dispatched at a time. */
const AT_A_TIME = 20;
/** An end that comes back so late, in ms, with a job that Redis had lost, is told to nobody. */
const OLDEST_MS = 3 * 86_400_000;
/** How much the clocks by which ends and endpoints are stamped may differ, in ms. */
const CLOCKS_MS = 1_000;

/**
 * Makes deliveries of the ends of jobs: finds what ended, queues a delivery for each receiver that wants to know,
 * and only then passes the end. A process that dies in between leaves it to be found again, and the ids of
 * deliveries see to it that what was queued is not queued twice.
 */
export class EventDispatch {
  readonly #deps: EventDispatchDeps;
  #isAllWanted = false;
  #known: readonly string[] = [];
  #knownAt = Number.NEGATIVE_INFINITY;

  constructor(deps: EventDispatchDeps) {
    this.#deps = deps;
  }

  /** Dispatches all that ended up to now. Rejects when Redis is away; what was not passed comes again. */
  async run(signal: AbortSignal): Promise<void> {
    const { ends, endpoints } = this.#deps.webhooks;
    const processors = await this.#processors();
    for (let isMore = true; isMore && !signal.aborted; ) {
      const found = await Promise.all(processors.map((name) => ends.next(name, this.#isAllWanted)));
      // After the ends: whoever was registered before one of them is in this list.
      const registered = await endpoints.list();
      const isLookedAtAll = this.#isAllWanted;
      this.#isAllWanted = registered.length > 0;
      isMore = found.some((each) => each.isMore) || this.#isAllWanted !== isLookedAtAll;
      if (this.#isAllWanted && !isLookedAtAll) continue; // those of jobs without a receiver were not looked for
      for (const each of found) await this.#take(each, registered);
    }
  }

  async #processors(): Promise<readonly string[]> {
    const { catalogue, processors, clock } = this.#deps;
    if (clock.monotonicMs() - this.#knownAt < CATALOGUE_MS) return this.#known;
    const read = await catalogue.read();
    this.#knownAt = clock.monotonicMs();
    this.#known = [...new Set([...processors, ...read.processors.map(({ name }) => name)])];
    return this.#known;
  }

  async #take(found: FoundEnds, registered: readonly WebhookEndpoint[]): Promise<void> {
    for (let i = 0; i < found.jobs.length; i += AT_A_TIME) {
      const jobs = found.jobs.slice(i, i + AT_A_TIME);
      await Promise.all(jobs.map((job) => this.#dispatch(job, registered)));
    }
    await this.#deps.webhooks.ends.pass(found);
  }

  async #dispatch(job: Job, registered: readonly WebhookEndpoint[]): Promise<void> {
    const event = eventOfJob(job);
    if (event === undefined || event.end.at < this.#deps.clock.now() - OLDEST_MS) return;
    const { deliveries } = this.#deps.webhooks;
    const receivers = await this.#receiversOf(event, registered);
    for (const receiver of receivers) await deliveries.add(this.#deliveryOf(event, receiver));
    // Deleted meanwhile: its deliveries went with it, and these are to go too.
    if (receivers.length > 0 && (await this.#isGone(job))) await deliveries.erase(job.id);
  }

  async #receiversOf(
    { job, end, type }: EndEvent,
    registered: readonly WebhookEndpoint[],
  ): Promise<readonly Receiver[]> {
    const own = await this.#deps.webhooks.deliveries.webhookOf(job);
    const isTold = ({ tenant, events, disabled, createdAt }: WebhookEndpoint) =>
      tenant === job.tenant && events.includes(type) && disabled === null && createdAt - CLOCKS_MS <= end.at;
    return [
      ...(own?.events.includes(type) === true ? [{ id: null, url: own.url }] : []),
      ...registered.filter(isTold).map(({ id, url }) => ({ id, url })),
    ];
  }

  #deliveryOf(event: EndEvent, { id: endpointId, url }: Receiver): Delivery {
    const { job, type, body } = event;
    const now = this.#deps.clock.now();
    return {
      id: deliveryIdOf(event, endpointId),
      jobId: job.id,
      processor: job.processor,
      ...{ endpointId, url, event: type, body },
      ...(job.trace === undefined ? {} : { trace: job.trace }),
      status: "pending",
      createdAt: now,
      resends: 0,
      attempts: 0,
      lastAttempt: null,
      nextAttemptAt: now,
    };
  }

  async #isGone({ id }: Job): Promise<boolean> {
    try {
      return (await this.#deps.jobs.get(id)) === undefined;
    } catch (error) {
      if (error instanceof DomainError && error.code === "job_unreadable") return false;
      throw error;
    }
  }
}

/** An endpoint, or with `null` the receiver that the job names. */
interface Receiver {
  readonly id: string | null;
  readonly url: string;
}
