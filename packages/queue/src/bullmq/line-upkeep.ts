import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

const UPKEEP_MS = 1_000;

/** Jobs that are looked at in one step: about 0.5 ms of the server's time. */
const JOBS_A_STEP = 250;

/** How many jobs of a tenant may run at a time; `*` is for those that have no entry of their own. */
export type RunningLimits = ReadonlyMap<string, { readonly running?: number }>;

export interface LineUpkeepDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** The limits as they are to be; asked once a second. */
  readonly limits: () => Promise<RunningLimits>;
}

/**
 * Keeps the lines of a processor's queue as they should be, a step each second: hands over the tenants' limits,
 * and puts waiting jobs in line that are in none. Starts when made, ends with `stop`. Each consumer of the queue has
 * one, and any of them is enough.
 */
export class LineUpkeep {
  readonly #processor: string;
  readonly #deps: LineUpkeepDeps;
  readonly #timer: NodeJS.Timeout;
  #from = 0;
  #isUnderWay = false;

  constructor(processor: string, deps: LineUpkeepDeps) {
    this.#processor = processor;
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#tend(), UPKEEP_MS);
    void this.#tend();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #tend(): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    try {
      this.#from = await this.#step();
    } catch {
      // Redis is away: the next step finds as much to do.
    } finally {
      this.#isUnderWay = false;
    }
  }

  async #step(): Promise<number> {
    const { link, keys, limits } = this.#deps;
    const entries = [...(await limits())].flatMap(([tenant, { running }]) =>
      running === undefined ? [] : [tenant, running],
    );
    const scriptKeys = [
      keys.queue(this.#processor, "prioritized"),
      keys.limits(this.#processor),
      keys.queue(this.#processor, "marker"),
    ];
    return Number(await link.run("tend-lines", scriptKeys, [this.#from, JOBS_A_STEP, ...entries]));
  }
}
