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

/** The tenant's limits: its own, and those of all where it has none. */
export function limitsOf(
  tenant: string,
  own: ReadonlyMap<string, OwnLimits>,
  ofAll: TenantLimits,
): TenantLimits {
  return { ...ofAll, ...own.get(tenant) };
}
