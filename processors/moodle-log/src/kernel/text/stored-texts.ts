const PIECE_BYTES = 4 << 20;
const FIRST_ROOM = 1 << 12;

/** Texts by number, held as bytes: a million of them take little more than they are long. */
export class StoredTexts {
  readonly #most: number;
  readonly #pieces: Buffer[] = [];
  /** Where each text starts, counted over the pieces, and how long it is. */
  #starts = new Float64Array(FIRST_ROOM);
  #lengths = new Uint32Array(FIRST_ROOM);
  #count = 0;
  /** Bytes of the last piece that are taken, and of all pieces. */
  #filled = PIECE_BYTES;
  #bytes = 0;

  /** @param mostBytes that all texts may have together. */
  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds a text; returns false, and does not, when there is no more room. */
  add(text: string): boolean {
    const length = Buffer.byteLength(text);
    if (length > PIECE_BYTES || this.#bytes + length > this.#most) return false;
    if (this.#filled + length > PIECE_BYTES) {
      this.#pieces.push(Buffer.allocUnsafeSlow(PIECE_BYTES));
      this.#filled = 0;
    }
    if (this.#count === this.#starts.length) this.#grow();
    const piece = this.#pieces.length - 1;
    this.#pieces[piece]?.write(text, this.#filled);
    this.#starts[this.#count] = piece * PIECE_BYTES + this.#filled;
    this.#lengths[this.#count++] = length;
    this.#filled += length;
    this.#bytes += length;
    return true;
  }

  /** The text of a number, from 0; `undefined` where there is none. */
  at(number: number): string | undefined {
    if (!(number >= 0 && number < this.#count)) return undefined;
    const start = this.#starts[number] as number;
    const from = start % PIECE_BYTES;
    const piece = this.#pieces[Math.floor(start / PIECE_BYTES)];
    return piece?.toString("utf8", from, from + (this.#lengths[number] as number));
  }

  #grow(): void {
    const [starts, lengths] = [this.#starts, this.#lengths];
    this.#starts = new Float64Array(this.#count * 2);
    this.#starts.set(starts);
    this.#lengths = new Uint32Array(this.#count * 2);
    this.#lengths.set(lengths);
  }
}
