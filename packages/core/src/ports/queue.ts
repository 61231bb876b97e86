import type { ApiKeys } from "./access-ports.js";
import type { AttemptSource } from "./attempt-source.js";
import type { AuditLog, Sessions } from "./audit-ports.js";
import type { Catalogue } from "./catalogue.js";
import type { DispatchControl } from "./dispatch-control.js";
import type { InstallationMarks, LiveApis } from "./installation-mark.js";
import type { JobFeed } from "./job-feed.js";
import type { FinishedJobs, JobQueue, QueueDeadlines } from "./job-queue.js";
import type { JobStatistics } from "./job-statistics.js";
import type { MinuteCounter, TenantLimitStore, TenantUse } from "./limit-ports.js";
import type { StorageHistory } from "./storage-history.js";
import type { TenantWebhooks, Webhooks } from "./webhook-ports.js";

/** What belongs to a tenant: its jobs, and what is told and counted of them. */
export interface TenantPorts {
  readonly jobs: JobQueue;
  readonly feed: JobFeed;
  /** Reads what the tenant's jobs came to; counts every job that it is given. */
  readonly statistics: JobStatistics;
  readonly webhooks: TenantWebhooks;
}

/** One connection to the queue's server, with every port that it serves; of all tenants. */
export interface QueuePorts extends TenantPorts {
  /**
   * The same of one tenant. What belongs to others is not there, and costs the same steps as what nobody has.
   */
  of(tenant: string): TenantPorts;
  readonly attempts: AttemptSource;
  readonly catalogue: Catalogue;
  readonly dispatch: DispatchControl;
  readonly facts: SharedFacts;
  readonly health: QueueHealth;
  readonly finished: FinishedJobs;
  readonly installation: InstallationMarks;
  readonly apis: LiveApis;
  readonly leases: Leases;
  readonly deadlines: QueueDeadlines;
  readonly webhooks: Webhooks;
  readonly apiKeys: ApiKeys;
  readonly limits: TenantLimitStore;
  readonly use: TenantUse;
  readonly minutes: MinuteCounter;
  readonly audit: AuditLog;
  readonly sessions: Sessions;
  readonly storageHistory: StorageHistory;
  /** The server's wall time: what all ages are taken from, so that the clocks of the hosts need not agree. */
  readonly clock: Pick<Clock, "now">;
  /** Closes the connections; consumers are to be drained before. Twice is fine. */
  close(): Promise<void>;
}

/** How the queue's server does. */
export interface QueueHealth {
  /**
   * One round trip.
   * @throws `redis_unavailable` within 2 s.
   */
  ping(): Promise<void>;
  /** What the server promises and how full it is. */
  inspect(): Promise<QueueServer>;
  /** How many jobs of the processor wait and run. */
  depth(processor: string): Promise<{ readonly queued: number; readonly running: number }>;
  /** The jobs of the processor by state, at one moment. Its cost does not grow with their number. */
  figures(processor: string): Promise<QueueFigures>;
}

/** How many jobs of a queue are in which state. */
export interface QueueFigures {
  /** Could run now, without a priority: they come back from a lost worker, or their time has just come. */
  readonly waiting: number;
  /** Could run now, in the order of their priorities; a new job is one of these. */
  readonly prioritized: number;
  /** Wait for their time or their retry. */
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
  /** Cancelled ones too. */
  readonly failed: number;
  /**
   * For how long the one has waited that has waited longest of those that could run, in ms, counted from when
   * it could; 0 when none waits.
   */
  readonly oldestWaitingMs: number;
}

export interface QueueServer {
  readonly version: string;
  /**
   * Another one after each start of the server, and after a failover: what it may have forgotten is to be
   * looked for.
   */
  readonly runId: string;
  /**
   * What a kill or a power loss may cost: `none` loses everything, `everysec` up to a second at a power loss,
   * `always` nothing, `aof` one or the other, which the server does not tell this user.
   */
  readonly durability: "none" | "snapshots" | "everysec" | "always" | "aof" | "unknown";
  /** `noeviction` is the only policy under which no job is lost to memory pressure. */
  readonly evictionPolicy: string;
  readonly usedMemoryBytes: number;
  /** 0 for no limit. */
  readonly maxMemoryBytes: number;
}

/** Who of several processes does what only one should do at a time. */
export interface Leases {
  /** Takes the lease for `ttlMs`, or renews it; false while another holder has it. */
  hold(name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Gives it back, if it is the holder's. */
  release(name: string, holder: string): Promise<void>;
}

/**
 * Small facts that are shared by all processes and expire: tombstones of expired jobs, the storage canary.
 */
export interface SharedFacts {
  set(name: string, value: string, ttlMs: number): Promise<void>;
  get(name: string): Promise<string | undefined>;
}

/** Time as a dependency. Wall time is for persisting, monotonic time for subtracting. */
export interface Clock {
  /** Wall time, ms since the epoch. */
  now(): number;
  /** Monotonic time in ms from an arbitrary start. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
