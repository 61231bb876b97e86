export interface ReadingOptions<T> {
  read(): Promise<T>;
  /** Sets the gauges; `undefined` when the value could not be had: then it takes them away. */
  show(value: T | undefined): void;
  /** How long a value stands, in ms: many who scrape cost one read. */
  readonly freshMs: number;
  /** Longest wait for a value, in ms. Default 1,500. */
  readonly deadlineMs?: number;
}

/** Together with the rest of a scrape well below Prometheus' own limit, 10 s by default. */
const DEADLINE_MS = 1_500;

/**
 * Something that is asked for when the metrics are. One read at a time, however many scrape: one that hangs
 * costs each scrape the deadline, and no second read.
 */
export class Reading<T = unknown> {
  readonly #options: ReadingOptions<T>;
  #reading: Promise<T | undefined> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: ReadingOptions<T>) {
    this.#options = options;
  }

  /** Shows a value that is fresh, or none. Never rejects. */
  async update(): Promise<void> {
    const { freshMs, deadlineMs = DEADLINE_MS, show } = this.#options;
    if (performance.now() - this.#readAt < freshMs) return;
    this.#reading ??= this.#options
      .read()
      .catch(() => undefined)
      .finally(() => {
        this.#reading = undefined;
      });
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, undefined);
    });
    const value = await Promise.race([this.#reading, tooLate]);
    clearTimeout(timer);
    if (value !== undefined) this.#readAt = performance.now();
    show(value);
  }
}
