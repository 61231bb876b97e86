import { Counter, Gauge, Histogram, Registry } from "prom-client";
import {
  API_FAMILIES,
  FAMILIES,
  type Family,
  type FamilyName,
  SHARED_FAMILIES,
  WORKER_FAMILIES,
} from "./families.js";
import type { Reading } from "./reading.js";

type NamesOf<T extends Family["type"]> = {
  [N in FamilyName]: (typeof FAMILIES)[N]["type"] extends T ? N : never;
}[FamilyName];

/** Values of a family's labels, in the order of its table. */
type LabelsOf<N extends FamilyName> = ValuesOf<(typeof FAMILIES)[N]["labels"]>;
type ValuesOf<L extends readonly string[]> = { readonly [I in keyof L]: string };

/** A series of a counter. To add to a number costs far less than prom-client's `inc`, which looks it up. */
interface Counted {
  readonly child: Counter.Internal;
  /** What is not in it yet. */
  pending: number;
}

/** The metrics of one process. */
export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  /** Of labels that were met before: to look one up costs less than to make it. */
  readonly #counted = new Map<string, Counted>();
  readonly #observed = new Map<string, Histogram.Internal<string>>();
  readonly #readings: Reading[] = [];

  constructor(process: "api" | "worker") {
    const own = process === "api" ? API_FAMILIES : WORKER_FAMILIES;
    for (const [name, family] of Object.entries<Family>({ ...own, ...SHARED_FAMILIES }))
      this.#add(name, family);
  }

  /** Adds to a counter. */
  count<N extends NamesOf<"counter">>(name: N, labels: LabelsOf<N>, by = 1): void {
    const key = `${name} ${labels.join("\n")}`;
    const known = this.#counted.get(key);
    if (known !== undefined) {
      known.pending += by;
      return;
    }
    const child = found(this.#counters, name).labels(...labels);
    child.inc(by); // also by 0: the series is shown from now on
    this.#counted.set(key, { child, pending: 0 });
  }

  /** Adds a duration in ms to a histogram of seconds. */
  time<N extends NamesOf<"histogram">>(name: N, labels: LabelsOf<N>, durationMs: number): void {
    const key = `${name} ${labels.join("\n")}`;
    let child = this.#observed.get(key);
    if (child === undefined) {
      child = found(this.#histograms, name).labels(...labels);
      this.#observed.set(key, child);
    }
    child.observe(durationMs / 1_000);
  }

  /** Sets a gauge. */
  set<N extends NamesOf<"gauge">>(name: N, labels: LabelsOf<N>, value: number): void {
    found(this.#gauges, name)
      .labels(...labels)
      .set(value);
  }

  /** Adds to a gauge, or takes from it. */
  change<N extends NamesOf<"gauge">>(name: N, labels: LabelsOf<N>, by: number): void {
    found(this.#gauges, name)
      .labels(...labels)
      .inc(by);
  }

  /** Takes all values of gauges away: what is not known is not shown. */
  clear(...names: readonly NamesOf<"gauge">[]): void {
    for (const name of names) {
      const gauge = found(this.#gauges, name);
      gauge.reset();
      if (FAMILIES[name].labels.length === 0) gauge.remove(); // which `reset` sets to 0
    }
  }

  /** Has something read before each exposition. */
  read(reading: Reading): void {
    this.#readings.push(reading);
  }

  /** Media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus' text format, within the deadline of the readings. */
  async text(): Promise<string> {
    await Promise.all(this.#readings.map((reading) => reading.update()));
    for (const counted of this.#counted.values()) {
      if (counted.pending !== 0) counted.child.inc(counted.pending);
      counted.pending = 0;
    }
    return this.#registry.metrics();
  }

  #add(name: string, { type, help, labels, buckets }: Family): void {
    const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (type === "counter") this.#counters.set(name, new Counter(options));
    else if (type === "gauge") this.#gauges.set(name, new Gauge(options));
    else this.#histograms.set(name, new Histogram({ ...options, buckets: [...(buckets ?? [])] }));
  }
}

function found<T>(metrics: ReadonlyMap<string, T>, name: string): T {
  const metric = metrics.get(name);
  if (metric === undefined) throw new TypeError(`${name} is not shown by this process`);
  return metric;
}
