const QUOTE = 39;
const HASH = 35;
const STAR = 42;
/** Bytes of a description that are looked at. */
export const LONGEST_DESCRIPTION = 600;
/** Values of a description that are told from its wording. */
export const MAX_SLOTS = 16;
const ACTIVITY = Buffer.from(" activity");
/** 1 for a quote, the digits and `#`. */
const MAY_BEGIN_VALUE = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === QUOTE || byte === HASH || isDigit(byte) ? 1 : 0,
);

/**
 * Splits a description into its wording and its values: `The user with id '5' viewed the course with id '2'.`
 * has the wording `The user with id # viewed the course with id #.` and the values 5 and 2. Quoted text and
 * bare numbers are values; the module in `the 'quiz' activity` stays in the wording. A log has a few dozen
 * wordings, so what one means is worked out once.
 */
export class DescriptionSplitter {
  /** The wording of the latest `split`: `wording[0, wordingLength)`. */
  readonly wording = Buffer.alloc(LONGEST_DESCRIPTION + 8);
  wordingLength = 0;
  /** Where the values lie in the bytes that were split. */
  readonly starts = new Int32Array(MAX_SLOTS);
  readonly ends = new Int32Array(MAX_SLOTS);
  count = 0;

  /** Splits `bytes[start, end)`; beyond 600 bytes the rest is left out. */
  split(bytes: Uint8Array, start: number, end: number): void {
    const stop = Math.min(end, start + LONGEST_DESCRIPTION);
    const { wording } = this;
    this.count = 0;
    let length = 0;
    for (let at = start; at < stop; ) {
      const byte = bytes[at] as number;
      const after = MAY_BEGIN_VALUE[byte] === 0 ? 0 : this.#valueAt(bytes, { at, start, stop });
      wording[length++] = after > 0 ? HASH : byte === HASH ? STAR : byte;
      at = after > 0 ? after : at + 1;
    }
    this.wordingLength = length;
  }

  /**
   * Splits `bytes[start, end)` if its wording is the expected one, which is four times as fast as to find out which
   * it is. Else says so, and has the values of nothing.
   */
  splitAs(expected: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
    const stop = Math.min(end, start + LONGEST_DESCRIPTION);
    this.count = 0;
    let length = 0;
    for (let at = start; at < stop; length++) {
      const byte = bytes[at] as number;
      let next = byte;
      if (MAY_BEGIN_VALUE[byte] === 0) at++;
      else {
        const after = this.#valueAt(bytes, { at, start, stop });
        next = after > 0 ? HASH : byte === HASH ? STAR : byte;
        at = after > 0 ? after : at + 1;
      }
      if (expected[length] !== next) return false;
    }
    return length === expected.length;
  }

  /** Takes the value that begins at `at`; where the text goes on after it, or 0 when none begins there. */
  #valueAt(
    bytes: Uint8Array,
    { at, start, stop }: { readonly at: number; readonly start: number; readonly stop: number },
  ): number {
    if (this.count >= MAX_SLOTS) return 0;
    const byte = bytes[at] as number;
    const before = at === start ? 32 : (bytes[at - 1] as number);
    if (byte === QUOTE && isOpening(before)) {
      const close = closingQuote(bytes, at, stop);
      if (close >= 0 && !isModule(bytes, at + 1, close, stop)) return this.#value(at + 1, close, close + 1);
    } else if (isDigit(byte) && !isWordByte(before)) {
      return this.#value(at, numberEnd(bytes, at, stop), numberEnd(bytes, at, stop));
    }
    return 0;
  }

  #value(start: number, end: number, next: number): number {
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count++;
    return next;
  }
}

/** The wording of a description, its values as `#`. */
export function wordingOf(description: string): string {
  const splitter = new DescriptionSplitter();
  const bytes = Buffer.from(description);
  splitter.split(bytes, 0, bytes.length);
  return splitter.wording.toString("utf8", 0, splitter.wordingLength);
}

function isOpening(before: number): boolean {
  return before === 32 || before === 40 || before === 58 || before === 34; // blank ( : "
}

/** The quote that closes the one at `open`: the first that is followed by a blank, punctuation or the end. */
function closingQuote(bytes: Uint8Array, open: number, stop: number): number {
  for (let at = open + 1; at < stop; at++) {
    if (bytes[at] !== QUOTE) continue;
    const after = at + 1 < stop ? (bytes[at + 1] as number) : 32;
    if (after <= 32 || after === 44 || after === 46 || after === 41 || after === 58 || after === 59)
      return at;
  }
  return -1;
}

function isModule(bytes: Uint8Array, start: number, end: number, stop: number): boolean {
  if (end === start || end + 1 + ACTIVITY.length > stop) return false;
  for (let i = 0; i < ACTIVITY.length; i++) if (bytes[end + 1 + i] !== ACTIVITY[i]) return false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (!((byte >= 97 && byte <= 122) || isDigit(byte) || byte === 95)) return false;
  }
  return true;
}

function numberEnd(bytes: Uint8Array, start: number, stop: number): number {
  let at = start;
  while (at < stop && isDigit(bytes[at] as number)) at++;
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function isWordByte(byte: number): boolean {
  return isDigit(byte) || byte === 95 || byte >= 128 || ((byte | 32) - 97) >>> 0 < 26;
}
