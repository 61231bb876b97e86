/** Fewer bytes than this are copied faster one by one than by a call. */
const SHORT_BYTES = 28;

/**
 * Bytes that are appended to, growing as needed; cleared and filled again, so that steady work allocates
 * nothing.
 */
export class ByteWriter {
  #buffer: Buffer<ArrayBuffer>;
  #length = 0;

  constructor(initialBytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    if (this.#length === this.#buffer.length) this.#grow(1);
    this.#buffer[this.#length++] = value;
  }

  bytes(source: Uint8Array): void {
    const length = source.length;
    if (this.#length + length > this.#buffer.length) this.#grow(length);
    if (length < SHORT_BYTES) {
      const target = this.#buffer;
      let at = this.#length;
      for (let i = 0; i < length; i++) target[at++] = source[i] as number;
    } else {
      this.#buffer.set(source, this.#length);
    }
    this.#length += length;
  }

  /** Appends `source[start, end)`. */
  range(source: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#length + length > this.#buffer.length) this.#grow(length);
    if (length < SHORT_BYTES) {
      const target = this.#buffer;
      let at = this.#length;
      for (let i = start; i < end; i++) target[at++] = source[i] as number;
    } else {
      source.copy(this.#buffer, this.#length, start, end);
    }
    this.#length += length;
  }

  /** Appends what another writer holds from `start` on. */
  tailOf(other: ByteWriter, start: number): void {
    this.range(other.#buffer, start, other.#length);
  }

  text(value: string): void {
    this.bytes(Buffer.from(value, "utf8"));
  }

  /** Appends a whole number of at least 0 in decimal. */
  decimal(value: number): void {
    if (this.#length + 20 > this.#buffer.length) this.#grow(20);
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits++;
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const next = Math.floor(rest / 10);
      this.#buffer[at] = 48 + rest - next * 10;
      rest = next;
    }
    this.#length += digits;
  }

  /** What was written, as a view that the next write may invalidate. */
  view(): Buffer<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(atLeast: number): void {
    const bytes = Math.max(Math.ceil(this.#buffer.length * 1.5), this.#length + atLeast);
    const larger = Buffer.allocUnsafeSlow(bytes);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
