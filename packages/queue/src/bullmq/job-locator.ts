import { type Catalogue, DEFAULT_TENANT, isJobId, type JobId, type JobRequest } from "@drover/core";
import type { Listed } from "../job-listing.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

const CACHE_LIMIT = 10_000;

/** Where a job is, and whose. */
export interface JobPlace {
  readonly processor: string;
  /** `undefined` where the index has lost the job and its record does not say. */
  readonly tenant: string | undefined;
}

export interface JobLocatorDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly catalogue: Catalogue;
}

/**
 * Finds the queue of a job. The mapping never changes, so a process remembers the newest 10,000; the index in
 * Redis is asked once, and where that has lost a job, every known queue is.
 *
 * One of a tenant finds the tenant's jobs alone. It looks for another's as for one that nobody has, so that
 * neither the answer nor the time that it takes tells them apart.
 */
export class JobLocator {
  /** Whose jobs are found; `undefined` for all. */
  readonly tenant: string | undefined;
  readonly #deps: JobLocatorDeps;
  /** Places as the index has them. */
  readonly #cache: Map<JobId, string>;

  constructor(deps: JobLocatorDeps, of?: { readonly tenant: string; readonly cache: Map<JobId, string> }) {
    this.#deps = deps;
    this.tenant = of?.tenant;
    this.#cache = of?.cache ?? new Map();
  }

  /** One that finds the jobs of a tenant; what either remembers the other does. */
  of(tenant: string): JobLocator {
    return new JobLocator(this.#deps, { tenant, cache: this.#cache });
  }

  /** The processor whose queue holds the job; `undefined` when none does. */
  async find(id: JobId): Promise<string | undefined> {
    return (await this.place(id))?.processor;
  }

  /** The same, and whose the job is. */
  async place(id: JobId): Promise<JobPlace | undefined> {
    const { link, keys } = this.#deps;
    const cached = this.#own(decodePlace(this.#cache.get(id)));
    if (cached !== undefined) return cached;
    const entry = (await link.use((client) => client.hget(keys.index, id))) ?? undefined;
    const entered = this.#own(decodePlace(entry));
    const searched = entered === undefined ? await this.#search(id) : undefined;
    // The index knows better than what lies in a queue under the same id.
    const found = entered ?? (entry === undefined ? this.#own(searched) : undefined);
    if (found?.tenant !== undefined) this.#remember(id, found);
    return found;
  }

  /**
   * Enters a job into the index, or changes its time there; to be done before it is queued, so that no reader
   * misses it.
   */
  async add(job: Pick<JobRequest, "id" | "tenant" | "processor" | "createdAt">): Promise<void> {
    const { link, keys } = this.#deps;
    await link.run("index-add", [keys.index, keys.jobs], [job.id, encodePlace(job), job.createdAt]);
    this.#remember(job.id, job);
  }

  /** Takes a job that is gone out of the index, and its deliveries with it. */
  async remove(id: JobId): Promise<void> {
    const { link, keys } = this.#deps;
    this.#cache.delete(id);
    await link.run("index-remove", [keys.index, keys.jobs, keys.deliveries(id)], [id]);
  }

  /** Takes a job that was never queued out of the index, unless another submit entered it anew. */
  async drop({ id, createdAt }: Listed): Promise<void> {
    const { link, keys } = this.#deps;
    this.#cache.delete(id);
    await link.run("index-drop", [keys.index, keys.jobs], [id, createdAt]);
  }

  forget(id: JobId): void {
    this.#cache.delete(id);
  }

  /**
   * Up to `limit` jobs of the index that follow `after` in the list. What `add` did not write goes from it.
   * Those of the default tenant have no list of their own: others are among them.
   */
  async following(after: Listed | undefined, limit: number): Promise<readonly Listed[]> {
    const { link, keys } = this.#deps;
    const { tenant = DEFAULT_TENANT } = this;
    const list = tenant === DEFAULT_TENANT ? keys.jobs : keys.jobsOf(tenant);
    const answer = (await link.run(
      "index-page",
      [keys.index, list],
      [limit, after?.createdAt ?? "", after?.id ?? ""],
    )) as string[];
    const entries = Array.from({ length: answer.length / 3 }, (_, i) => answer.slice(3 * i, 3 * i + 3));
    const rubbish = entries.flatMap(([id = ""]) => (isJobId(id) ? [] : [id]));
    if (rubbish.length > 0) {
      await link.use((client) => client.zrem(list, ...rubbish));
      return this.following(after, limit);
    }
    return entries.map(([id, createdAt, entry]) => ({
      id: id as JobId,
      createdAt: Number(createdAt),
      ...decodePlace(entry),
    }));
  }

  /** What the index says of jobs, in their order. */
  async places(ids: readonly JobId[]): Promise<readonly (JobPlace | undefined)[]> {
    const { link, keys } = this.#deps;
    if (ids.length === 0) return [];
    const entries = await link.use((client) => client.hmget(keys.index, ...ids));
    return entries.map((entry) => decodePlace(entry ?? undefined));
  }

  /** Names of the processors that are known. A queue may hold jobs of one that is not any more. */
  async processors(): Promise<readonly string[]> {
    const { processors } = await this.#deps.catalogue.read();
    return processors.map((processor) => processor.name);
  }

  #own(place: JobPlace | undefined): JobPlace | undefined {
    return this.tenant === undefined || place?.tenant === this.tenant ? place : undefined;
  }

  async #search(id: JobId): Promise<JobPlace | undefined> {
    const { link, keys } = this.#deps;
    const names = await this.processors();
    const whose = (name: string) => link.run("whose-job", [keys.job(name, id)], [DEFAULT_TENANT]);
    const tenants = await Promise.all(names.map(whose));
    const i = tenants.findIndex((tenant) => tenant !== null);
    const processor = names[i];
    return processor === undefined ? undefined : { processor, tenant: String(tenants[i]) || undefined };
  }

  #remember(id: JobId, place: JobPlace): void {
    this.#cache.delete(id);
    this.#cache.set(id, encodePlace(place));
    if (this.#cache.size <= CACHE_LIMIT) return;
    const [oldest] = this.#cache.keys();
    if (oldest !== undefined) this.#cache.delete(oldest);
  }
}

/** A place as the index has it: the default tenant's jobs are most, and are to take no byte for it. */
function encodePlace({ processor, tenant }: JobPlace): string {
  return tenant === undefined || tenant === DEFAULT_TENANT ? processor : `${processor} ${tenant}`;
}

function decodePlace(entry: string | undefined): JobPlace | undefined {
  if (!entry) return undefined;
  const [processor = "", tenant = DEFAULT_TENANT] = entry.split(" ");
  return { processor, tenant };
}
