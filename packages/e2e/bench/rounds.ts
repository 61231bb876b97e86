/** What one run of a contender showed. */
export interface Sample {
  /** Requests, jobs or megabytes a second. */
  readonly perSecond: number;
  /** Latency of one request, in ms. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Processor time of the server for one request or job, in ms; absent where it is not Linux. */
  readonly cpuMs?: number | undefined;
}

/** Something that is measured, beside others that do the same work. */
export interface Contender {
  readonly name: string;
  /** What ratios are taken to: `bare` does the least, `fair` has the same duties as Drover. */
  readonly role: "bare" | "fair" | "own";
  run(): Promise<Sample>;
}

/** A median, and the least and greatest of the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What the rounds of one contender showed. */
export interface Result {
  readonly name: string;
  readonly role: Contender["role"];
  readonly perSecond: Spread;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly cpuMs: number | undefined;
  /** Of an `own` contender: its rate by that of the first of the role, round by round. */
  readonly ofBare: Spread | undefined;
  readonly ofFair: Spread | undefined;
}

/** A measure with all that competed in it. */
export interface Measure {
  readonly name: string;
  readonly unit: "/s" | "MB/s";
  readonly rounds: number;
  readonly results: readonly Result[];
}

/**
 * Runs the contenders in turn, `rounds` times, so that whatever else the machine does strikes all alike; every
 * second round goes backwards. A ratio is taken within each round.
 */
export async function compare(
  measure: { readonly name: string; readonly unit?: Measure["unit"]; readonly rounds: number },
  contenders: readonly Contender[],
): Promise<Measure> {
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < measure.rounds; round++) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      samples.get(contender)?.push(await contender.run());
    }
  }
  const ratesOf = (role: Contender["role"]): readonly number[] | undefined => {
    const found = contenders.find((contender) => contender.role === role);
    return found && samples.get(found)?.map(({ perSecond }) => perSecond);
  };
  const results = contenders.map(({ name, role }, index): Result => {
    const own = samples.get(contenders[index] as Contender) ?? [];
    const ratioTo = (base: readonly number[] | undefined): Spread | undefined =>
      role === "own" && base
        ? spreadOf(own.map(({ perSecond }, i) => perSecond / (base[i] ?? Number.NaN)))
        : undefined;
    return {
      name,
      role,
      perSecond: spreadOf(own.map(({ perSecond }) => perSecond)),
      p50Ms: medianOf(own.map(({ p50Ms }) => p50Ms)),
      p99Ms: medianOf(own.map(({ p99Ms }) => p99Ms)),
      cpuMs: medianOf(own.map(({ cpuMs }) => cpuMs)),
      ofBare: ratioTo(ratesOf("bare")),
      ofFair: ratioTo(ratesOf("fair")),
    };
  });
  return { name: measure.name, unit: measure.unit ?? "/s", rounds: measure.rounds, results };
}

/** @param values one or more. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: medianOf(sorted) ?? Number.NaN,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  };
}

/** @returns `undefined` when any value is missing. */
function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter((value) => value !== undefined).toSorted((a, b) => a - b);
  if (sorted.length === 0 || sorted.length < values.length) return undefined;
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}
