import type { FollowOptions, JobChange, JobFeed, JobId, TenantPorts, WebhookDeliveries } from "@drover/core";
import { redisEndpoints } from "../webhook-endpoints.js";
import { BullJobQueue, type BullJobQueueDeps } from "./bull-job-queue.js";
import { EVENTS_KEPT } from "./bullmq-internals.js";
import type { JobLocator } from "./job-locator.js";
import { redisStatistics } from "./redis-statistics.js";

export interface TenantPortsDeps extends BullJobQueueDeps {
  readonly deliveries: WebhookDeliveries;
}

/** The ports of one tenant. All of them ask one locator whose a job is, which finds no other's. */
export function tenantPorts(tenant: string, deps: TenantPortsDeps): TenantPorts {
  const locator = deps.locator.of(tenant);
  return {
    jobs: new BullJobQueue({ ...deps, locator }),
    feed: tenantFeed(deps.streams, async (id) => (await deps.locator.place(id))?.tenant === tenant),
    statistics: redisStatistics(deps, { tenant }),
    webhooks: {
      endpoints: redisEndpoints(deps, { tenant }),
      deliveries: tenantDeliveries(deps.deliveries, locator),
    },
  };
}

/** Whether a job is the tenant's. Not told to anybody, so it need not cost the same for all jobs. */
type IsOwn = (id: JobId) => Promise<boolean>;

/**
 * Changes that may wait to be looked at, which is more than are told at once to somebody who comes back. Past
 * it the follower has lost some.
 */
const MAX_WAITING = 5 * EVENTS_KEPT;

/** Tells of a tenant's jobs alone. */
function tenantFeed(feed: JobFeed, isOwn: IsOwn): JobFeed {
  return {
    newest: (processor) => feed.newest(processor),
    async follow(processor, options) {
      // Of one job it is asked once: when that is removed, nobody knows any more whose it was.
      if (options.id !== undefined) {
        const isTold = await isOwn(options.id);
        return feed.follow(processor, isTold ? options : { ...options, onChange: () => {} });
      }
      const filter = new ChangeFilter(isOwn, options);
      const following = await feed.follow(processor, { ...options, onChange: filter.push });
      await filter.passed();
      return { ...following, stop: () => filter.stop(following.stop) };
    },
  };
}

/** Passes on a tenant's changes, in order; whose a job is may have to be asked for. */
class ChangeFilter {
  readonly #isOwn: IsOwn;
  readonly #options: FollowOptions;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isStopped = false;

  constructor(isOwn: IsOwn, options: FollowOptions) {
    this.#isOwn = isOwn;
    this.#options = options;
  }

  readonly push = (change: JobChange): void => {
    this.#waiting += 1;
    if (this.#waiting > MAX_WAITING) this.#lose();
    this.#last = this.#last.then(() => this.#pass(change)).finally(() => (this.#waiting -= 1));
  };

  /** Resolves when all that came so far was passed on. */
  passed(): Promise<void> {
    return this.#last;
  }

  stop(stop: () => void): void {
    this.#isStopped = true;
    stop();
  }

  async #pass(change: JobChange): Promise<void> {
    if (this.#isStopped) return;
    try {
      const isOwn = await this.#isOwn(change.jobId);
      if (isOwn && !this.#isStopped) this.#options.onChange(change);
    } catch {
      this.#lose(); // Redis is away: whoever follows begins anew
    }
  }

  #lose(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#options.onLost();
  }
}

/** The deliveries of a tenant's jobs. */
function tenantDeliveries(
  deliveries: WebhookDeliveries,
  locator: JobLocator,
): TenantPorts["webhooks"]["deliveries"] {
  return {
    get: async (jobId, id) => ((await locator.find(jobId)) ? deliveries.get(jobId, id) : undefined),
    list: async (jobId) => ((await locator.find(jobId)) ? deliveries.list(jobId) : []),
    sendAgain: async (jobId, id) =>
      (await locator.find(jobId)) ? deliveries.sendAgain(jobId, id) : undefined,
  };
}
