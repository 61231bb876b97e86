import {
  DEFAULT_TENANT,
  isJobId,
  type Job,
  type JobRef,
  type JobRequest,
  type TenantUse,
} from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

/** Jobs that one look of `mend` asks for. */
const LOOKED_AT = 500;

export interface TenantUseOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** Whether the bytes of the default tenant are counted too. */
  readonly countsDefault: boolean;
}

/**
 * What the jobs of tenants take. Of each job the bytes in the store are noted, and their sum for each tenant.
 * They are set, never added to: whoever repeats a step that died half-way changes nothing.
 */
export class RedisTenantUse implements TenantUse {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #countsDefault: boolean;
  /** Where `mend` goes on, by processor. */
  readonly #cursors = new Map<string, string>();

  constructor({ link, keys, countsDefault }: TenantUseOptions) {
    this.#link = link;
    this.#keys = keys;
    this.#countsDefault = countsDefault;
  }

  async of(tenant: string, processor: string): ReturnType<TenantUse["of"]> {
    const [[queued = 0, running = 0], bytes] = await Promise.all([
      this.#link.run("tenant-use", [this.#keys.queue(processor, "prioritized")], [tenant]) as Promise<
        number[]
      >,
      this.#link.use((client) => client.hget(this.#keys.storedBytes(processor), tenant)),
    ]);
    return { queued, running, storedBytes: this.#isCounted(tenant) ? Number(bytes ?? 0) : null };
  }

  /** The job is being submitted: it has its input. */
  async begin({ id, tenant, processor, input }: JobRequest): Promise<void> {
    await this.#set({ id, processor }, tenant, input.sizeBytes);
  }

  /** The job has ended: its input goes when it completed, its artifacts are there. */
  async settle(job: Job): Promise<void> {
    const input = job.status === "completed" ? 0 : job.input.sizeBytes;
    const stored = job.artifacts.map(({ sizeBytes, gzip }) => gzip?.sizeBytes ?? sizeBytes);
    const bytes = stored.reduce((sum, size) => sum + size, input);
    await this.#set(job, job.tenant, bytes);
  }

  /** The job is gone, and its files. */
  async drop({ id, processor }: JobRef, tenant: string | undefined): Promise<void> {
    if (tenant !== undefined && !this.#isCounted(tenant)) return;
    await this.#link.run("set-bytes", this.#hashes(processor), [id, "", ""]);
  }

  async mend(processor: string): Promise<void> {
    const cursor = this.#cursors.get(processor) ?? "0";
    const [next, entries] = await this.#link.use((client) =>
      client.hscan(this.#keys.jobBytes(processor), cursor, "COUNT", LOOKED_AT),
    );
    this.#cursors.set(processor, next);
    const ids = entries.filter((_, i) => i % 2 === 0);
    const isKept = await this.#link.use((client) =>
      Promise.all(ids.map((id) => (isJobId(id) ? client.exists(this.#keys.job(processor, id)) : 0))),
    );
    const strangers = ids.filter((_, i) => isKept[i] !== 1);
    for (const id of strangers) await this.#link.run("set-bytes", this.#hashes(processor), [id, "", ""]);
  }

  #isCounted(tenant: string): boolean {
    return tenant !== DEFAULT_TENANT || this.#countsDefault;
  }

  async #set({ id, processor }: JobRef, tenant: string, bytes: number): Promise<void> {
    if (this.#isCounted(tenant))
      await this.#link.run("set-bytes", this.#hashes(processor), [id, tenant, bytes]);
  }

  #hashes(processor: string): readonly string[] {
    return [this.#keys.jobBytes(processor), this.#keys.storedBytes(processor)];
  }
}
