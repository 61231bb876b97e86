import {
  type Catalogue,
  type CatalogueSnapshot,
  DomainError,
  type Log,
  type ProcessorInfo,
  type WorkerInfo,
} from "@drover/core";

/**
 * The catalogue as this process knows it: a snapshot that is refreshed every 2 s, so that a status poll costs
 * no round trip for it. `start` begins the refreshing, `stop` ends it; a refresh that fails keeps the
 * snapshot and is logged once until one succeeds.
 */
export interface ProcessorDirectory {
  start(): void;
  stop(): void;
  /**
   * The processor, looked up in Redis when the snapshot lacks it.
   * @throws `processor_not_found`, or `redis_unavailable` when that look-up fails.
   */
  require(name: string): Promise<ProcessorInfo>;
  /**
   * All processors by name, read now.
   * @throws `redis_unavailable`.
   */
  list(): Promise<readonly ProcessorInfo[]>;
  /** What the snapshot holds now; nothing before the first refresh. */
  readonly known: readonly ProcessorInfo[];
  /** All live workers in the snapshot. */
  readonly workers: readonly WorkerInfo[];
  /** Live workers that serve the processor; `undefined` before the first refresh. */
  workersOf(name: string): readonly WorkerInfo[] | undefined;
}

export interface DirectoryOptions {
  readonly catalogue: Catalogue;
  readonly log: Log;
  /** Default 2,000. */
  readonly refreshMs?: number;
}

/** A directory over the shared catalogue. */
export function createProcessorDirectory(options: DirectoryOptions): ProcessorDirectory {
  return new SnapshotDirectory(options);
}

class SnapshotDirectory implements ProcessorDirectory {
  readonly #options: DirectoryOptions;
  #snapshot: CatalogueSnapshot | undefined;
  #reading: Promise<CatalogueSnapshot> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    void this.#refresh();
    this.#timer = setInterval(() => void this.#refresh(), this.#options.refreshMs ?? 2_000).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async require(name: string): Promise<ProcessorInfo> {
    const processor = find(this.#snapshot, name) ?? find(await this.#read(), name);
    if (processor !== undefined) return processor;
    throw new DomainError(
      "processor_not_found",
      `No worker has announced a processor "${name.slice(0, 80)}" in the last 7 days. GET ` +
        "/api/processors lists what there is.",
    );
  }

  async list(): Promise<readonly ProcessorInfo[]> {
    return (await this.#read()).processors;
  }

  get known(): readonly ProcessorInfo[] {
    return this.#snapshot?.processors ?? [];
  }

  get workers(): readonly WorkerInfo[] {
    return this.#snapshot?.workers ?? [];
  }

  workersOf(name: string): readonly WorkerInfo[] | undefined {
    return this.#snapshot?.workers.filter((worker) => worker.processors.includes(name));
  }

  async #refresh(): Promise<void> {
    try {
      await this.#read();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) {
        this.#options.log.warn("The processor catalogue could not be read; the last one is used.", { error });
      }
      this.#isFailing = true;
    }
  }

  /** One read at a time: a flood of unknown names costs one round trip, not one each. */
  #read(): Promise<CatalogueSnapshot> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<CatalogueSnapshot> {
    const { processors, ...rest } = await this.#options.catalogue.read();
    const inOrder = processors.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.#snapshot = { ...rest, processors: inOrder };
    return this.#snapshot;
  }
}

function find(snapshot: CatalogueSnapshot | undefined, name: string): ProcessorInfo | undefined {
  return snapshot?.processors.find((processor) => processor.name === name);
}
