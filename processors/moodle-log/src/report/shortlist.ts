/** Keeps the first of many things in some order: as many as are wanted, and never more than twice as many. */
export class Shortlist<T> {
  /** How many things were offered. */
  total = 0;
  readonly #most: number;
  readonly #compare: (a: T, b: T) => number;
  #kept: T[] = [];

  /** @param most how many are wanted. */
  constructor(most: number, compare: (a: T, b: T) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  add(thing: T): void {
    this.total++;
    this.#kept.push(thing);
    if (this.#kept.length >= 2 * this.#most) this.#kept = [...this.first()];
  }

  /** The first ones, in their order. */
  first(): readonly T[] {
    return [...this.#kept].sort(this.#compare).slice(0, this.#most);
  }
}
