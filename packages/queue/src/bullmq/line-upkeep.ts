import type { ConsumeOptions, TenantLimitStore } from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

const UPKEEP_MS = 1_000;

/** Jobs that are looked at in one step: about 0.5 ms of the server's time. */
const JOBS_A_STEP = 250;

/** What a tenant has in place of a number that may run as many as there are slots. */
const NO_LIMIT = "none";

export interface LineUpkeepDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** Asked once a second. */
  readonly limits: Pick<TenantLimitStore, "read">;
}

/**
 * Keeps the lines of a processor's queue as they should be, a step each second: hands over the tenants' limits,
 * and puts waiting jobs in line that are in none. Starts when made, ends with `stop`. Each consumer of the queue has
 * one, and any of them is enough.
 */
export class LineUpkeep {
  readonly #processor: string;
  readonly #ofAll: number | null;
  readonly #deps: LineUpkeepDeps;
  readonly #timer: NodeJS.Timeout;
  #from = 0;
  #isUnderWay = false;

  constructor(processor: string, { runningJobs = null }: ConsumeOptions, deps: LineUpkeepDeps) {
    this.#processor = processor;
    this.#ofAll = runningJobs;
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
    const own = [...(await limits.read())].map(([tenant, { runningJobs }]) => [tenant, runningJobs] as const);
    const all = this.#ofAll === null ? own : [["*", this.#ofAll] as const, ...own];
    const entries = all.flatMap(([tenant, limit]) =>
      limit === undefined ? [] : [tenant, limit ?? NO_LIMIT],
    );
    const scriptKeys = [
      keys.queue(this.#processor, "prioritized"),
      keys.runningLimits(this.#processor),
      keys.queue(this.#processor, "marker"),
    ];
    return Number(await link.run("tend-lines", scriptKeys, [this.#from, JOBS_A_STEP, ...entries]));
  }
}
