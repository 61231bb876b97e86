import { type Catalogue, isJobId, type JobId, type JobRequest } from "@drover/core";
import type { ChainableCommander } from "ioredis";
import type { Listed } from "../job-listing.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

const CACHE_LIMIT = 10_000;

/**
 * Finds the queue of a job. The mapping never changes, so a process remembers the newest 10,000; the index in
 * Redis is asked once, and where that has lost a job, every known queue is.
 */
export class JobLocator {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #catalogue: Catalogue;
  readonly #cache = new Map<JobId, string>();

  constructor(link: RedisLink, keys: RedisKeys, catalogue: Catalogue) {
    this.#link = link;
    this.#keys = keys;
    this.#catalogue = catalogue;
  }

  /** The processor whose queue holds the job; `undefined` when none does. */
  async find(id: JobId): Promise<string | undefined> {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached;
    const entered = await this.#link.use((client) => client.hget(this.#keys.index, id));
    const processor = entered ?? (await this.#search(id));
    if (processor !== undefined) this.#remember(id, processor);
    return processor;
  }

  /**
   * Enters a job into the index, or changes its time there; to be done before it is queued, so that no reader
   * misses it.
   */
  async add({ id, processor, createdAt }: Pick<JobRequest, "id" | "processor" | "createdAt">): Promise<void> {
    await this.#link.run("index-add", [this.#keys.index, this.#keys.jobs], [id, processor, createdAt]);
    this.#remember(id, processor);
  }

  /** Takes a job that is gone out of the index, and its deliveries with it. */
  async remove(id: JobId): Promise<void> {
    this.#cache.delete(id);
    await this.#link.use((client) =>
      together(
        client.multi().zrem(this.#keys.jobs, id).hdel(this.#keys.index, id).del(this.#keys.deliveries(id)),
      ),
    );
  }

  /** Takes a job that was never queued out of the index, unless another submit entered it anew. */
  async drop({ id, createdAt }: Listed): Promise<void> {
    this.#cache.delete(id);
    await this.#link.run("index-drop", [this.#keys.index, this.#keys.jobs], [id, createdAt]);
  }

  forget(id: JobId): void {
    this.#cache.delete(id);
  }

  /**
   * Up to `limit` jobs of the index that follow `after` in the list. What `add` did not write goes from it.
   */
  async following(after: Listed | undefined, limit: number): Promise<readonly Listed[]> {
    const answer = (await this.#link.run(
      "index-page",
      [this.#keys.index, this.#keys.jobs],
      [limit, after?.createdAt ?? "", after?.id ?? ""],
    )) as string[];
    const entries = Array.from({ length: answer.length / 3 }, (_, i) => answer.slice(3 * i, 3 * i + 3));
    const rubbish = entries.flatMap(([id = ""]) => (isJobId(id) ? [] : [id]));
    if (rubbish.length > 0) {
      await this.#link.use((client) => client.zrem(this.#keys.jobs, ...rubbish));
      return this.following(after, limit);
    }
    return entries.map(([id, createdAt, processor]) => ({
      id: id as JobId,
      createdAt: Number(createdAt),
      processor: processor || undefined,
    }));
  }

  /** Names of the processors that are known. A queue may hold jobs of one that is not any more. */
  async processors(): Promise<readonly string[]> {
    const { processors } = await this.#catalogue.read();
    return processors.map((processor) => processor.name);
  }

  async #search(id: JobId): Promise<string | undefined> {
    const names = await this.processors();
    const exists = await this.#link.use((client) =>
      Promise.all(names.map((name) => client.exists(this.#keys.job(name, id)))),
    );
    return names.find((_, i) => exists[i] === 1);
  }

  #remember(id: JobId, processor: string): void {
    this.#cache.delete(id);
    this.#cache.set(id, processor);
    if (this.#cache.size <= CACHE_LIMIT) return;
    const [oldest] = this.#cache.keys();
    if (oldest !== undefined) this.#cache.delete(oldest);
  }
}

/** Runs a transaction; throws what one of its commands met, which `exec` only lists. */
async function together(transaction: ChainableCommander): Promise<void> {
  const results = (await transaction.exec()) ?? [];
  for (const [error] of results) if (error !== null) throw error;
}
