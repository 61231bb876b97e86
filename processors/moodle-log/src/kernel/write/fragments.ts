import type { ByteWriter } from "./byte-writer.js";

/** A ready piece of output, and how many characters had to be dropped from it. */
export interface Fragment {
  readonly text: string;
  readonly dropped?: number;
}

/** A larger piece is made anew each time: it would drive all others out. */
const LARGEST_SHARE = 16;

/**
 * Ready pieces of output by number, made when first needed. They lie in the writer's own memory, so that appending
 * one is a move of bytes and nothing is allocated for it; when there is no more room, all are forgotten.
 */
export class Fragments {
  readonly #out: ByteWriter;
  readonly #make: (number: number) => Fragment;
  /** Start and end by number, next to each other; a start of -1 for a piece that is not there. */
  readonly #bounds: Int32Array;
  readonly #dropped = new Map<number, number>();
  #generation = 0;

  /** @param count numbers are below this. */
  constructor(out: ByteWriter, count: number, make: (number: number) => Fragment) {
    this.#out = out;
    this.#make = make;
    this.#bounds = new Int32Array(2 * count).fill(-1);
  }

  /** Appends a piece; returns how many characters were dropped from it. */
  append(number: number): number {
    if (this.#generation !== this.#out.generation) this.#forget();
    const start = this.#bounds[2 * number] as number;
    if (start < 0) return this.#appendNew(number);
    this.#out.kept(start, this.#bounds[2 * number + 1] as number);
    return this.#dropped.size === 0 ? 0 : (this.#dropped.get(number) ?? 0);
  }

  #appendNew(number: number): number {
    const { text, dropped = 0 } = this.#make(number);
    const bytes = Buffer.from(text, "utf8");
    this.#out.bytes(bytes);
    if (bytes.length > this.#out.keepBytes / LARGEST_SHARE) return dropped;
    const start = this.#out.keep(bytes);
    if (this.#generation !== this.#out.generation) this.#forget();
    this.#bounds[2 * number] = start;
    this.#bounds[2 * number + 1] = start + bytes.length;
    if (dropped > 0) this.#dropped.set(number, dropped);
    return dropped;
  }

  #forget(): void {
    this.#bounds.fill(-1);
    this.#dropped.clear();
    this.#generation = this.#out.generation;
  }
}
