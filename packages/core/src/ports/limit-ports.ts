/** What one tenant may use at most; `null` for as much as there is. */
export interface TenantLimits {
  /** Requests in a minute, over all api processes. */
  readonly requestsPerMinute: number | null;
  /** Jobs that wait, of all processors together. */
  readonly queuedJobs: number | null;
  /** Jobs of each processor that run. */
  readonly runningJobs: number | null;
  /** Bytes of the kept jobs' inputs and artifacts, as they are stored. */
  readonly storedBytes: number | null;
}

/** As much as there is, of everything. */
export const NO_LIMITS: TenantLimits = {
  requestsPerMinute: null,
  queuedJobs: null,
  runningJobs: null,
  storedBytes: null,
};

/** Limits of a tenant that differ from those of all; members that are absent do not. */
export type OwnLimits = Partial<TenantLimits>;

/** Limits that tenants have of their own, changeable while everything runs. */
export interface TenantLimitStore {
  /** By tenant. */
  read(): Promise<ReadonlyMap<string, OwnLimits>>;
  /** Replaces what the tenant had of its own. */
  set(tenant: string, limits: OwnLimits): Promise<void>;
  /** The limits of all are the tenant's again. */
  remove(tenant: string): Promise<void>;
}

/** What the jobs of tenants take. */
export interface TenantUse {
  /** Of one processor's jobs. */
  of(tenant: string, processor: string): Promise<UsedByTenant>;
  /**
   * Looks at some of what is noted, and forgets jobs that somebody else removed, as Bull Board may. To be called
   * now and then.
   */
  mend(processor: string): Promise<void>;
}

export interface UsedByTenant {
  /** Jobs that wait in line: neither for their time nor for their retry. */
  readonly queued: number;
  readonly running: number;
  /** Bytes of inputs and artifacts; `null` where they are not counted: for the default tenant without a limit. */
  readonly storedBytes: number | null;
}

/** How often something was done in a minute, counted for all processes together. */
export interface MinuteCounter {
  /** Counts once more. */
  count(name: string): Promise<CountedMinute>;
}

export interface CountedMinute {
  /** This time included. */
  readonly count: number;
  /** Until the minute is over, in ms. */
  readonly resetMs: number;
}
