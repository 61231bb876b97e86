import {
  type Catalogue,
  type CatalogueSnapshot,
  DomainError,
  type Log,
  type ProcessorInfo,
  type WorkerInfo,
} from "@drover/core";

/**
 * The catalogue as this process knows it: a snapshot that is refreshed every 2 s, so that a status poll costs no round trip for it.
 * `start` begins the refreshing, `stop` ends it; a refresh that fails keeps the snapshot and is logged once until one succeeds.
 */
export interface ProcessorDirectory {
  start(): void;
  stop(): void;
  /** The processor, looked up in Redis when the snapshot lacks it. Throws `processor_not_found`, or `redis_unavailable` when that look-up fails. */
  require(name: string): Promise<ProcessorInfo>;
  /** All processors by name, read now. Throws `redis_unavailable`. */
  list(): Promise<readonly ProcessorInfo[]>;
  /** What the snapshot holds now; nothing before the first refresh. */
  readonly known: readonly ProcessorInfo[];
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
  let snapshot: CatalogueSnapshot | undefined;
  let reading: Promise<CatalogueSnapshot> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isFailing = false;

  /** One read at a time: a flood of unknown names costs one round trip, not one each. */
  const read = () => {
    reading ??= options.catalogue
      .read()
      .then((fresh) => {
        snapshot = { ...fresh, processors: fresh.processors.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
        return snapshot;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  const refresh = () =>
    read().then(
      () => {
        isFailing = false;
      },
      (error: unknown) => {
        if (!isFailing)
          options.log.warn("The processor catalogue could not be read; the last one is used.", { error });
        isFailing = true;
      },
    );
  const find = (from: CatalogueSnapshot | undefined, name: string) =>
    from?.processors.find((processor) => processor.name === name);

  return {
    start() {
      void refresh();
      timer ??= setInterval(refresh, options.refreshMs ?? 2_000).unref();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
    async require(name) {
      const processor = find(snapshot, name) ?? find(await read(), name);
      if (processor !== undefined) return processor;
      throw new DomainError(
        "processor_not_found",
        `No worker has announced a processor "${name.slice(0, 80)}" in the last 7 days. GET /api/processors lists what there is.`,
      );
    },
    list: async () => (await read()).processors,
    get known() {
      return snapshot?.processors ?? [];
    },
    workersOf: (name) => snapshot?.workers.filter((worker) => worker.processors.includes(name)),
  };
}
