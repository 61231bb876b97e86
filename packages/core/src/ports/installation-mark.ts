/**
 * The mark by which the queue's server and a store know that they belong together: both carry the id of one
 * installation. `new` while the pair is being made, `bound` once the store carries the id too.
 */
export interface InstallationMark {
  readonly state: "new" | "bound";
  readonly id: string;
}

/**
 * The mark in the queue's server. Every method throws `redis_unavailable` within 2 s when it cannot be
 * reached.
 */
export interface InstallationMarks {
  read(): Promise<InstallationMark | undefined>;
  /** Sets a mark in state `new` where there is none; returns the mark that stands. */
  create(id: string): Promise<InstallationMark>;
  /** Binds the server to `id`, unless it is bound to another one; returns the mark that stands. */
  bind(id: string): Promise<InstallationMark>;
  /** Whether the server knows any job. */
  hasJobs(): Promise<boolean>;
}

/** An api process as its heartbeat describes it. */
export interface ApiInfo {
  readonly id: string;
  /** Ids of the live workers whose canary this api does not see in its own store. */
  readonly unseenWorkers: readonly string[];
}

/** Which api processes live; the workers are in the catalogue. */
export interface LiveApis {
  /** A heartbeat: the api lives for the next 15 s. */
  announce(api: ApiInfo): Promise<void>;
  withdraw(apiId: string): Promise<void>;
  read(): Promise<readonly ApiInfo[]>;
}
