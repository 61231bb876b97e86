/** How soon it is known that a worker or its connection died. */
export interface LeaseTimes {
  /** How long a lease lasts, in ms. Renewed at half of it. */
  readonly leaseMs: number;
  /**
   * How often lost leases are looked for, in ms. The workers of a queue share the looks: one that comes too
   * soon after another's is passed over, so that up to two of these may go by.
   */
  readonly stalledCheckMs: number;
  /** How long a worker without jobs waits in one blocking read, in ms. */
  readonly blockMs: number;
  /** A worker's connection that owes an answer for this long is made anew, in ms; more than `blockMs`. */
  readonly silenceMs: number;
}

/**
 * What production uses: a dead worker's job is back in line within 9 s, within 5 s more where the others'
 * connections died as well.
 */
export const LEASE_TIMES: LeaseTimes = {
  leaseMs: 6_000,
  stalledCheckMs: 1_500,
  blockMs: 2_000,
  silenceMs: 5_000,
};
