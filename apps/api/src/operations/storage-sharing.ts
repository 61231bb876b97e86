import { type BlobStore, DomainError, type LiveApis, type Log, type WorkerInfo } from "@drover/core";
import { Canaries, type Installation } from "@drover/job-files";
import type { ProcessorDirectory } from "../processors/processor-directory.js";

/**
 * Whether this api and the workers work on one storage. From `start` to `stop` it says in Redis that it lives
 * and which workers' canaries it does not see, and keeps its own canary for them to see.
 */
export interface StorageSharing {
  start(): void;
  stop(): Promise<void>;
  /**
   * Throws `storage_not_shared` when workers of the processor live and none of them would find a file of this
   * api.
   */
  assertShared(processor: string): Promise<void>;
}

export interface SharingOptions {
  /** Unique among processes; fit for a blob key. */
  readonly apiId: string;
  readonly apis: LiveApis;
  readonly store: BlobStore;
  readonly installation: Pick<Installation, "confirm">;
  readonly processors: Pick<ProcessorDirectory, "list" | "workers" | "workersOf">;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
}

const HEARTBEAT_MS = 5_000;

export function createStorageSharing(options: SharingOptions): StorageSharing {
  return new CanarySharing(options);
}

class CanarySharing implements StorageSharing {
  readonly #options: SharingOptions;
  readonly #canaries: Canaries;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;

  constructor(options: SharingOptions) {
    this.#options = options;
    this.#canaries = new Canaries(options.store);
  }

  start(): void {
    if (this.#timer !== undefined) return;
    void this.#beat();
    this.#timer = setInterval(() => void this.#beat(), HEARTBEAT_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    // Redis is away: it expires within 15 s
    await this.#options.apis.withdraw(this.#options.apiId).catch(() => {});
  }

  async assertShared(processor: string): Promise<void> {
    if (await this.#mayBeShared(processor)) return;
    await this.#options.processors.list(); // what was known may be older than the worker's last heartbeat
    if (await this.#mayBeShared(processor)) return;
    throw new DomainError(
      "storage_not_shared",
      `No worker of ${processor} works on the storage of this api, so none would find the file. Nothing ` +
        "was stored. The setting DROVER_STORAGE has to name one storage for all processes.",
      { retryAfterS: 10 },
    );
  }

  /**
   * Whether a worker of the processor shares the storage, or none lives: then the job waits for one, which
   * looks for itself.
   */
  async #mayBeShared(processor: string): Promise<boolean> {
    const workers = this.#options.processors.workersOf(processor) ?? [];
    for (const worker of workers) if (await this.#isShared(worker)) return true;
    return workers.length === 0;
  }

  /** A worker of an older version shows no canary. */
  async #isShared({ id, sharesStorage }: WorkerInfo): Promise<boolean> {
    return sharesStorage === undefined || (sharesStorage && (await this.#canaries.sees(id)));
  }

  async #beat(): Promise<void> {
    const { apiId, apis, installation, processors, log, now } = this.#options;
    try {
      await installation.confirm(HEARTBEAT_MS);
      await this.#canaries.keep(apiId, now());
      const unseenWorkers: string[] = [];
      for (const { id, sharesStorage } of processors.workers) {
        if (sharesStorage !== undefined && !(await this.#canaries.sees(id))) unseenWorkers.push(id);
      }
      await apis.announce({ id: apiId, unseenWorkers });
      this.#isFailing = false;
    } catch (error) {
      if (this.#isFailing) return; // told once
      this.#isFailing = true;
      const what = "The api could not say which storage it works on.";
      if (error instanceof DomainError) log.warn(`${what} ${error.message}`);
      else log.warn(what, { error });
    }
  }
}
