const INITIAL_SLOTS = 1 << 10;

/** A column that threads can read, too. */
export type SharedColumn = Uint32Array<SharedArrayBuffer>;

/** 32-bit numbers in a row, with room for more. */
export class NumberColumn {
  length = 0;
  #values: Uint32Array<ArrayBuffer> = new Uint32Array(256);

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Uint32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  at(index: number): number {
    return this.#values[index] as number;
  }

  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  /** A copy of the numbers from `from` on. */
  slice(from = 0): Uint32Array<ArrayBuffer> {
    return this.#values.slice(from, this.length);
  }

  /** A copy in memory that threads share. */
  shared(): Uint32Array<SharedArrayBuffer> {
    const column = new Uint32Array(new SharedArrayBuffer(this.length * 4));
    column.set(this.#values.subarray(0, this.length));
    return column;
  }
}

/**
 * Numbers distinct tuples of whole numbers below 2^32 in the order in which they are first seen: a site's log has
 * hundreds of thousands, which as keys of a `Map` would weigh ten times as much.
 */
export class TupleInterner {
  /** How many distinct tuples there are. */
  size = 0;
  readonly #members: number;
  #slots = new Int32Array(INITIAL_SLOTS).fill(-1);
  /** The members of the tuples, one after the other. */
  #tuples: Uint32Array<ArrayBuffer>;
  #taken = 0;

  /** @param members of a tuple, 1 to 4. */
  constructor(members: number) {
    this.#members = members;
    this.#tuples = new Uint32Array((INITIAL_SLOTS / 2) * members);
  }

  /** The number of a tuple, new or known. */
  intern(a: number, b = 0, c = 0, d = 0): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] as number;
      if (id < 0) return this.#add(slot, [a, b, c, d]);
      if (this.#equals(id * this.#members, a, b, c, d)) return id;
    }
  }

  /** One member of all tuples, from that of number `from` on. */
  column(member: number, from = 0): Uint32Array<ArrayBuffer> {
    return this.#copy(new Uint32Array(this.size - from), member, from);
  }

  /** The same in memory that threads share. */
  sharedColumn(member: number): Uint32Array<SharedArrayBuffer> {
    return this.#copy(new Uint32Array(new SharedArrayBuffer(this.size * 4)), member, 0);
  }

  /** The members of what was numbered since the last call, a column each. */
  takeNew(): readonly Uint32Array<ArrayBuffer>[] {
    const from = this.#taken;
    this.#taken = this.size;
    return Array.from({ length: this.#members }, (_, member) => this.column(member, from));
  }

  #copy<T extends Uint32Array>(column: T, member: number, from: number): T {
    for (let id = from; id < this.size; id++) {
      column[id - from] = this.#tuples[id * this.#members + member] as number;
    }
    return column;
  }

  #equals(at: number, a: number, b: number, c: number, d: number): boolean {
    const tuples = this.#tuples;
    if (tuples[at] !== a) return false;
    if (this.#members > 1 && tuples[at + 1] !== b) return false;
    return this.#members < 3 || (tuples[at + 2] === c && (this.#members < 4 || tuples[at + 3] === d));
  }

  #add(slot: number, tuple: readonly number[]): number {
    const id = this.size++;
    this.#slots[slot] = id;
    for (let i = 0; i < this.#members; i++) this.#tuples[id * this.#members + i] = tuple[i] as number;
    if (this.size * 2 >= this.#slots.length) this.#grow();
    return id;
  }

  #grow(): void {
    const tuples = new Uint32Array(this.#tuples.length * 2);
    tuples.set(this.#tuples);
    this.#tuples = tuples;
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0, at = 0; id < this.size; id++, at += this.#members) {
      const member = (i: number) => (i < this.#members ? (tuples[at + i] as number) : 0);
      let slot = hashOf(member(0), member(1), member(2), member(3)) & mask;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

/** The mixing steps of MurmurHash3 (Appleby, 2011), a member at a time. */
function hashOf(a: number, b: number, c: number, d: number): number {
  let hash = mixed(mixed(mixed(mixed(0, a), b), c), d);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function mixed(hash: number, member: number): number {
  const key = Math.imul(member, 0xcc9e2d51);
  const next = hash ^ Math.imul((key << 15) | (key >>> 17), 0x1b873593);
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}
