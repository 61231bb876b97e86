/** One edge of the graph: how often an activity came right after another in a case. */
export interface Follow {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Median time between the two; exact up to 255 s, and within 1 % above. */
  readonly medianGapSeconds: number;
}

/** Gaps below 2 STEPS stand by themselves, longer ones in STEPS steps for each doubling. */
const EXACT_BITS = 7;
const STEPS = 1 << EXACT_BITS;
const BUCKETS = STEPS * (32 - EXACT_BITS + 1);

/**
 * Counts which activity follows which, and how long after. A histogram for each edge, in steps of less than 1 %,
 * tells the median: 13 KiB each, and as many as there are pairs of activities that occur.
 */
export class FollowGraph {
  readonly #activities: number;
  readonly #counts: Float64Array;
  readonly #gaps: (Uint32Array | undefined)[];

  /** @param activities how many there are; activities are numbers below. */
  constructor(activities: number) {
    this.#activities = activities;
    this.#counts = new Float64Array(activities * activities);
    this.#gaps = new Array(activities * activities);
  }

  /** @param gapSeconds whole seconds, not negative. */
  add(from: number, to: number, gapSeconds: number): void {
    const edge = from * this.#activities + to;
    (this.#counts[edge] as number)++;
    let gaps = this.#gaps[edge];
    if (gaps === undefined) {
      gaps = new Uint32Array(BUCKETS);
      this.#gaps[edge] = gaps;
    }
    (gaps[bucketOf(gapSeconds)] as number)++;
  }

  /** The edges that occur, by their activities. */
  edges(): readonly Follow[] {
    return Array.from(this.#counts, (count, edge) => ({
      from: Math.floor(edge / this.#activities),
      to: edge % this.#activities,
      count,
      medianGapSeconds: medianOf(this.#gaps[edge], count),
    })).filter(({ count }) => count > 0);
  }
}

function bucketOf(seconds: number): number {
  const shift = Math.max(0, 32 - Math.clz32(seconds) - (EXACT_BITS + 1));
  return shift * STEPS + (seconds >>> shift);
}

/** The middle of what falls into a bucket. */
function secondsOf(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  return (bucket - shift * STEPS) * 2 ** shift + 2 ** (shift - 1);
}

function medianOf(gaps: Uint32Array | undefined, count: number): number {
  if (gaps === undefined) return 0;
  let below = 0;
  for (let bucket = 0; bucket < gaps.length; bucket++) {
    below += gaps[bucket] as number;
    if (below * 2 >= count) return secondsOf(bucket);
  }
  return 0;
}
