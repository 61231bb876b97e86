/** What Node tells an async hook of a timer. `_destroyed` is true once it was cleared or has fired for the last time. */
interface Timer {
  readonly _destroyed: boolean;
}

/** Entries that are kept before those of timers that are over are dropped. */
const LEAST_ENTRIES = 1_000;

/**
 * The timers of one attempt that may still fire, those included that keep nothing alive, which Node's own
 * list of active resources leaves out.
 */
export class OpenTimers {
  readonly #timers = new Set<Timer>();
  #pruneAt = LEAST_ENTRIES;

  /** @param resource what the `init` of an async hook is given for the type `Timeout`. */
  add(resource: object): void {
    this.#timers.add(resource as Timer);
    if (this.#timers.size > this.#pruneAt) this.#pruneAt = LEAST_ENTRIES + 2 * this.count();
  }

  count(): number {
    for (const timer of this.#timers) if (timer._destroyed) this.#timers.delete(timer);
    return this.#timers.size;
  }
}
