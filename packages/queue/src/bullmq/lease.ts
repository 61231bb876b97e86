/** How long a lease lasts and how often lost ones are looked for: a dead worker's job is back in line within their sum. */
export interface LeaseTimes {
  /** ms; default 8,000. Renewed at half of it. */
  readonly leaseMs: number;
  /** ms; default 2,500. */
  readonly stalledCheckMs: number;
}

/** What production uses: a dead worker's job is back in line within 10.5 s. */
export const LEASE_TIMES: LeaseTimes = { leaseMs: 8_000, stalledCheckMs: 2_500 };
