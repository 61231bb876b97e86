/** Keeps the first of many things in some order: as many as are wanted, and never more than twice as many. */
export class Shortlist<T> {
  /** How many things were offered. */
  total = 0;
  readonly #most: number;
  readonly #compare: (a: T, b: T) => number;
  #kept: T[] = [];
  /** The last of those that were wanted when they were sorted; what comes after it is not. */
  #last: T | undefined;

  /** @param most how many are wanted. */
  constructor(most: number, compare: (a: T, b: T) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  add(thing: T): void {
    this.total++;
    if (this.#last !== undefined && this.#compare(thing, this.#last) >= 0) return;
    this.#kept.push(thing);
    if (this.#kept.length < 2 * this.#most) return;
    this.#kept = [...this.first()];
    this.#last = this.#kept.at(-1);
  }

  /** The first ones, in their order. */
  first(): readonly T[] {
    return [...this.#kept].sort(this.#compare).slice(0, this.#most);
  }
}
