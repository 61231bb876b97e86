import { QUOTED_WITH_QUOTES, type RecordScanner } from "../text/row-scanner.js";
import { sharedTexts, type TextColumn } from "./text-column.js";

const INITIAL_SLOTS = 1 << 10;

/**
 * Numbers distinct byte strings 0, 1, 2 … in the order in which they are first seen, without making a
 * JavaScript string of each. A log repeats the same few thousand cells a million times, so a cell is hashed
 * and compared, and decoded only once.
 */
export class ByteInterner {
  #slots = new Int32Array(INITIAL_SLOTS).fill(-1);
  #hashes = new Int32Array(INITIAL_SLOTS / 2);
  #starts = new Int32Array(INITIAL_SLOTS / 2 + 1);
  #arena = new Uint8Array(1 << 14);
  #size = 0;
  #taken = 0;

  /** How many distinct byte strings there are. */
  get size(): number {
    return this.#size;
  }

  /** How many bytes they have together. */
  get bytes(): number {
    return this.#starts[this.#size] as number;
  }

  /** The number of `bytes[start, end)`, new or known. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] as number;
      if (id < 0) return this.#add(slot, hash, bytes.subarray(start, end));
      if (this.#hashes[id] === hash && this.#equals(id, bytes, start, end)) return id;
    }
  }

  /** The bytes behind a number; a view that the next `intern` may invalidate. */
  bytesOf(id: number): Uint8Array {
    return this.#arena.subarray(this.#starts[id], this.#starts[id + 1]);
  }

  /** The text behind a number, read as UTF-8. */
  textOf(id: number): string {
    return Buffer.from(this.bytesOf(id)).toString("utf8");
  }

  /** What was numbered since the last call, in order. */
  takeNew(): TextColumn {
    const from = this.#starts[this.#taken] as number;
    const starts = this.#starts.slice(this.#taken, this.#size + 1);
    for (let i = 0; i < starts.length; i++) (starts[i] as number) -= from;
    this.#taken = this.#size;
    return { bytes: this.#arena.slice(from, this.#starts[this.#size]), starts };
  }

  /** All byte strings by number, in memory that threads share. */
  shared(): TextColumn {
    return sharedTexts({
      bytes: this.#arena.subarray(0, this.#starts[this.#size]),
      starts: this.#starts.subarray(0, this.#size + 1),
    });
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[id] as number;
    const length = end - start;
    if ((this.#starts[id + 1] as number) - from !== length) return false;
    const arena = this.#arena;
    for (let i = 0; i < length; i++) if (arena[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #add(slot: number, hash: number, content: Uint8Array): number {
    const id = this.#size++;
    const from = this.#starts[id] as number;
    if (from + content.length > this.#arena.length) {
      this.#arena = grown(this.#arena, Math.max(this.#arena.length * 2, from + content.length));
    }
    this.#arena.set(content, from);
    this.#slots[slot] = id;
    this.#hashes[id] = hash;
    this.#starts[id + 1] = from + content.length;
    if (this.#size * 2 === this.#slots.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#size; id++) {
      const hash = this.#hashes[id] as number;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
    const hashes = new Int32Array(slots.length / 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const starts = new Int32Array(slots.length / 2 + 1);
    starts.set(this.#starts);
    this.#starts = starts;
  }
}

/**
 * FNV-1a over the whole of a short string, and over every fourth byte and the last twelve of a longer one.
 */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  const tail = Math.max(start, end - 12);
  for (let i = start; i < tail; i += 4) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  for (let i = tail; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash;
}

function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

/** Numbers the distinct texts of one column; the empty one is 0. */
export class CellInterner {
  readonly #interner = new ByteInterner();
  #unquoted = Buffer.alloc(256);

  constructor() {
    this.#interner.intern(this.#unquoted, 0, 0);
  }

  /**
   * The number of a cell's text; `cell` is a position in the scanned row, or -1 for a column that the log has
   * not.
   */
  intern(bytes: Buffer, scanner: RecordScanner, cell: number): number {
    if (cell < 0) return 0;
    const start = scanner.starts[cell] as number;
    const end = scanner.ends[cell] as number;
    if (scanner.quoting[cell] !== QUOTED_WITH_QUOTES) return this.#interner.intern(bytes, start, end);
    const length = this.#unquote(bytes, start, end);
    return this.#interner.intern(this.#unquoted, 0, length);
  }

  /** The number of the text `bytes[start, end)`. */
  internBytes(bytes: Uint8Array, start: number, end: number): number {
    return this.#interner.intern(bytes, start, end);
  }

  /** How many texts there are, the empty one among them. */
  get size(): number {
    return this.#interner.size;
  }

  /** How many bytes they have together. */
  get bytes(): number {
    return this.#interner.bytes;
  }

  internText(text: string): number {
    const bytes = Buffer.from(text, "utf8");
    return this.#interner.intern(bytes, 0, bytes.length);
  }

  textOf(id: number): string {
    return this.#interner.textOf(id);
  }

  /** What was numbered since the last call, in order. */
  takeNew(): TextColumn {
    return this.#interner.takeNew();
  }

  /** All texts by number, in memory that threads share. */
  shared(): TextColumn {
    return this.#interner.shared();
  }

  #unquote(bytes: Buffer, start: number, end: number): number {
    if (this.#unquoted.length < end - start) this.#unquoted = Buffer.alloc((end - start) * 2);
    let length = 0;
    for (let at = start; at < end; at++) {
      if (bytes[at] === 34) at++;
      this.#unquoted[length++] = bytes[at] as number;
    }
    return length;
  }
}
