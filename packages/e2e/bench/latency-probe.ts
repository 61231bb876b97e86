import { once } from "node:events";
import { type BenchProcess, startProcess } from "./bench-process.js";
import { spreadOf } from "./rounds.js";

/** What is asked of the probe: each path in turn, until so many requests were answered. */
export interface Asked {
  readonly base: string;
  readonly paths: readonly string[];
  readonly connections: number;
  readonly requests: number;
}

/** Times of single requests, in ms. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
}

/** Times single requests, from a process of its own. */
export class LatencyProbe {
  readonly #process: BenchProcess;

  private constructor(process: BenchProcess) {
    this.#process = process;
  }

  static async start(): Promise<LatencyProbe> {
    return new LatencyProbe(await startProcess("latency"));
  }

  /** @throws when an answer was not a 200. */
  async run(asked: Asked): Promise<Times> {
    const { child } = this.#process;
    child.send(asked);
    const [reply] = (await once(child, "message", { signal: AbortSignal.timeout(300_000) })) as [
      { readonly times: readonly number[]; readonly mistake?: string },
    ];
    if (reply.mistake !== undefined) throw new Error(reply.mistake);
    return timesOf(reply.times);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

function timesOf(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5) ?? Number.NaN, p99: at(0.99) ?? Number.NaN };
}

/**
 * Asks in turn, in rounds, every second one backwards; the first is what the others are compared with.
 * @returns medians of the rounds, and of each the p99 by that of the first, round by round.
 */
export async function probeInTurn(
  probe: LatencyProbe,
  rounds: number,
  contenders: readonly Asked[],
): Promise<readonly (Times & { readonly ratio: number; readonly least: number; readonly most: number })[]> {
  const found = contenders.map((): Times[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = contenders.map((_, i) => i);
    for (const i of round % 2 === 0 ? order : order.toReversed())
      found[i]?.push(await probe.run(contenders[i] as Asked));
  }
  return found.map((times) => {
    const ratios = spreadOf(times.map(({ p99 }, round) => p99 / (found[0]?.[round]?.p99 ?? Number.NaN)));
    const median = (of: keyof Times) => spreadOf(times.map((each) => each[of])).median;
    return {
      p50: median("p50"),
      p99: median("p99"),
      ratio: ratios.median,
      least: ratios.min,
      most: ratios.max,
    };
  });
}
