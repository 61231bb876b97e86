/**
 * How the jobs of a processor are handed to its workers; changeable while they run, and the same for all of them.
 * Every method throws `redis_unavailable` within 2 s when the queue cannot be reached.
 */
export interface DispatchControl {
  read(processor: string): Promise<Dispatch>;
  /** No worker takes a job until `resume`. Running attempts go on; jobs are accepted and wait. */
  pause(processor: string): Promise<void>;
  resume(processor: string): Promise<void>;
  /**
   * Bounds how many attempts run at a time over all workers, `null` for as many as they have slots. With more of
   * them running no further one starts.
   */
  setConcurrency(processor: string, concurrency: number | null): Promise<void>;
}

export interface Dispatch {
  readonly isPaused: boolean;
  /** 1 or more; `null` for no bound. */
  readonly concurrency: number | null;
}
