/** Which processors exist and which workers live. */
export interface Catalogue {
  /**
   * A heartbeat: publishes the processors, which outlive their workers by 7 days, and says that the worker
   * lives for the next 15 s.
   */
  announce(
    worker: WorkerInfo,
    processors: readonly ProcessorInfo[],
  ): Promise<{
    /** Whether an operator has asked the worker to stop. */
    readonly isDrainAsked: boolean;
  }>;
  /** The worker is gone; its processors stay known. */
  withdraw(workerId: string): Promise<void>;
  /** Asks a worker to stop: its next heartbeat tells it. Kept for a day, whether or not there is such a worker. */
  askDrain(workerId: string): Promise<void>;
  read(): Promise<CatalogueSnapshot>;
}

export interface CatalogueSnapshot {
  readonly processors: readonly ProcessorInfo[];
  readonly workers: readonly LiveWorker[];
  /** Ids of the workers that were asked to stop in the last day. */
  readonly drains: readonly string[];
}

/** A worker that was heard of in the last 15 s. */
export interface LiveWorker extends WorkerInfo {
  /** When it was heard of last, by the server's clock, in ms since the epoch. */
  readonly heardAt: number;
  /** Whether it was asked to stop. */
  readonly isDrainAsked: boolean;
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
  /** Of the program. Workers of an older version do not say, nor what follows. */
  readonly version?: string;
  /** Resident memory of it and of its child processes, at the heartbeat. */
  readonly residentBytes?: number;
}
