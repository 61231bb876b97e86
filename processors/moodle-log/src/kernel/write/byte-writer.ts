/** Fewer bytes than this are copied faster one by one than by a call. */
const SHORT_BYTES = 12;

/**
 * Bytes that are appended to, growing as needed; cleared and filled again, so that steady work allocates
 * nothing. In front of them, in the same memory, lie pieces that are kept to be appended again and again.
 */
export class ByteWriter {
  /** Room for kept pieces, in bytes. */
  readonly keepBytes: number;
  /** Goes up when all kept pieces are given up for want of room. */
  generation = 0;
  #buffer: Buffer<ArrayBuffer>;
  #end: number;
  #keptEnd = 0;

  /** @param keepBytes room for kept pieces. */
  constructor(initialBytes: number, keepBytes = 0) {
    this.#buffer = Buffer.allocUnsafeSlow(keepBytes + initialBytes);
    this.keepBytes = keepBytes;
    this.#end = keepBytes;
  }

  /** Bytes appended since the last `clear`. */
  get length(): number {
    return this.#end - this.keepBytes;
  }

  clear(): void {
    this.#end = this.keepBytes;
  }

  byte(value: number): void {
    if (this.#end === this.#buffer.length) this.#grow(1);
    this.#buffer[this.#end++] = value;
  }

  bytes(source: Uint8Array): void {
    const length = source.length;
    if (this.#end + length > this.#buffer.length) this.#grow(length);
    if (length < SHORT_BYTES) {
      const target = this.#buffer;
      let at = this.#end;
      for (let i = 0; i < length; i++) target[at++] = source[i] as number;
    } else {
      this.#buffer.set(source, this.#end);
    }
    this.#end += length;
  }

  /** Appends `source[start, end)`. */
  range(source: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#end + length > this.#buffer.length) this.#grow(length);
    if (length < SHORT_BYTES) {
      const target = this.#buffer;
      let at = this.#end;
      for (let i = start; i < end; i++) target[at++] = source[i] as number;
    } else {
      source.copy(this.#buffer, this.#end, start, end);
    }
    this.#end += length;
  }

  /** Appends what another writer holds in `[start, end)`. */
  part(other: ByteWriter, start: number, end: number): void {
    if (end > start) this.range(other.#buffer, other.keepBytes + start, other.keepBytes + end);
  }

  text(value: string): void {
    this.bytes(Buffer.from(value, "utf8"));
  }

  /** Appends a whole number of at least 0 in decimal. */
  decimal(value: number): void {
    if (this.#end + 20 > this.#buffer.length) this.#grow(20);
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits++;
    let rest = value;
    for (let at = this.#end + digits - 1; at >= this.#end; at--) {
      const next = Math.floor(rest / 10);
      this.#buffer[at] = 48 + rest - next * 10;
      rest = next;
    }
    this.#end += digits;
  }

  /**
   * Keeps a piece of at most `keepBytes`; where it lies, for `kept`. May give up those kept before: `generation`
   * tells.
   */
  keep(source: Uint8Array): number {
    if (this.#keptEnd + source.length > this.keepBytes) {
      this.#keptEnd = 0;
      this.generation++;
    }
    const start = this.#keptEnd;
    this.#buffer.set(source, start);
    this.#keptEnd += source.length;
    return start;
  }

  /** Appends the kept piece that lies in `[start, end)`. */
  kept(start: number, end: number): void {
    const length = end - start;
    if (this.#end + length > this.#buffer.length) this.#grow(length);
    // The only way to move bytes at any place without an object for them, and four times as fast.
    this.#buffer.copyWithin(this.#end, start, end);
    this.#end += length;
  }

  /** What was written, as a view that the next write may invalidate. */
  view(): Buffer<ArrayBuffer> {
    return this.#buffer.subarray(this.keepBytes, this.#end);
  }

  #grow(atLeast: number): void {
    const used = this.#end + atLeast;
    const bytes = Math.max(this.keepBytes + Math.ceil((this.#buffer.length - this.keepBytes) * 1.5), used);
    const larger = Buffer.allocUnsafeSlow(bytes);
    this.#buffer.copy(larger, 0, 0, this.#keptEnd);
    this.#buffer.copy(larger, this.keepBytes, this.keepBytes, this.#end);
    this.#buffer = larger;
  }
}
