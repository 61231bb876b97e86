/** Which processors exist and which workers live. */
export interface Catalogue {
  /**
   * A heartbeat: publishes the processors, which outlive their workers by 7 days, and says that the worker
   * lives for the next 15 s.
   */
  announce(worker: WorkerInfo, processors: readonly ProcessorInfo[]): Promise<void>;
  /** The worker is gone; its processors stay known. */
  withdraw(workerId: string): Promise<void>;
  read(): Promise<CatalogueSnapshot>;
}

export interface CatalogueSnapshot {
  readonly processors: readonly ProcessorInfo[];
  readonly workers: readonly WorkerInfo[];
}

/**
 * What a worker says about a processor that it serves. Plain data, so that an api validates and documents
 * without the code.
 */
export interface ProcessorInfo {
  /** kebab-case; the name of its queue. */
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly accepts: {
    /** Lower-case, with the dot; empty for any. */
    readonly extensions: readonly string[];
    /** Media types that are accepted beside the extensions; empty for any. */
    readonly mediaTypes: readonly string[];
  };
  readonly limits: {
    readonly maxInputBytes: number;
    /** Longest time for one attempt, in ms. */
    readonly timeoutMs: number;
    /** Resident memory of one attempt. */
    readonly maxRssBytes: number;
    readonly maxAttempts: number;
  };
  /** JSON Schema (2020-12) of the params. */
  readonly paramsSchema: Readonly<Record<string, unknown>>;
}

/** Longest entry of the catalogue as JSON, in bytes: every api reads all of them every 2 s. */
export const MAX_CATALOGUE_ENTRY_BYTES = 64 * 1024;

/** A worker process as its heartbeat describes it. */
export interface WorkerInfo {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Attempts at a time, for each processor. */
  readonly slots: number;
  /** Names of the processors that it serves. */
  readonly processors: readonly string[];
  /** ms since the epoch. */
  readonly startedAt: number;
  /** Whether it works on the storage that the apis work on. Workers of an older version do not say. */
  readonly sharesStorage?: boolean;
}
