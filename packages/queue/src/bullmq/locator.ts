import { type Catalogue, type JobId, parseJobId } from "@drover/core";
import type { RedisKeys } from "../keys.js";
import type { RedisLink } from "../redis.js";

const CACHE_LIMIT = 10_000;

/**
 * Finds the queue of a job. The mapping never changes, so a process remembers the newest 10,000; the index in Redis is
 * asked once, and where that has lost a job, every known queue is.
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
    const [entry] = await this.#link.use((client) =>
      client.zrangebylex(this.#keys.index, `[${id} `, `(${id}!`, "LIMIT", 0, 1),
    );
    const processor = entry === undefined ? await this.#search(id) : entry.slice(id.length + 1);
    if (processor !== undefined) this.#remember(id, processor);
    return processor;
  }

  /** Enters a job into the index; to be done before it is queued, so that no reader misses it. */
  async add(id: JobId, processor: string): Promise<void> {
    await this.#link.use((client) => client.zadd(this.#keys.index, 0, `${id} ${processor}`));
    this.#remember(id, processor);
  }

  async remove(id: JobId, processor: string): Promise<void> {
    this.#cache.delete(id);
    await this.#link.use((client) => client.zrem(this.#keys.index, `${id} ${processor}`));
  }

  forget(id: JobId): void {
    this.#cache.delete(id);
  }

  /** Up to `limit` ids of the index that sort before `below`, newest first. */
  async idsBelow(below: JobId | undefined, limit: number): Promise<readonly JobId[]> {
    const from = below === undefined ? "+" : `(${below} `;
    const entries = await this.#link.use((client) =>
      client.zrevrangebylex(this.#keys.index, from, "-", "LIMIT", 0, limit),
    );
    return entries.map((entry) => {
      const id = parseJobId(entry.slice(0, 36));
      this.#remember(id, entry.slice(37));
      return id;
    });
  }

  async #search(id: JobId): Promise<string | undefined> {
    const { processors } = await this.#catalogue.read();
    const names = processors.map((processor) => processor.name);
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
