import { AM, fullYear, isDate, PM, readTimeWord, UTC } from "../../time/calendar.js";
import {
  DATE,
  INSTANT,
  NO_YEAR,
  packTime,
  SHORT,
  SHORT_DOTTED,
  unpackTime,
  YEAR_LAST,
  YEAR_LAST_DOTTED,
} from "./packed-time.js";

const MAX_NUMBERS = 8;

/**
 * Reads the time cells of a log, whatever their format; one object for many cells, since it is called for
 * every row.
 */
export class TimeCellReader {
  readonly #numbers = new Int32Array(MAX_NUMBERS);
  readonly #digits = new Int32Array(MAX_NUMBERS);
  readonly #words = new Map<string, number>();
  #count = 0;
  /** Index of the hour among the numbers, -1 before it is met. */
  #hourAt = -1;
  #timeParts = 0;
  #month = 0;
  #halfDay = 0;
  #offsetMinutes = 0;
  #hasOffset = false;
  #isDotted = false;

  /** The packed time in `bytes[start, end)`, or NaN when it is not readable as one. */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.#reset();
    for (let at = start; at < end; ) {
      const byte = bytes[at] as number;
      if (byte >= 48 && byte <= 57) at = this.#number(bytes, at, end);
      else if (byte >= 0x80 || ((byte | 32) - 97) >>> 0 < 26) at = this.#word(bytes, at, end);
      else if ((byte === 43 || byte === 45) && this.#timeParts >= 2 && isDigit(bytes[at + 1]))
        at = this.#offset(bytes, at, end);
      else at++;
      if (at < 0) return Number.NaN;
    }
    return this.#packed();
  }

  #reset(): void {
    this.#count = 0;
    this.#hourAt = -1;
    this.#timeParts = 0;
    this.#month = 0;
    this.#halfDay = 0;
    this.#offsetMinutes = 0;
    this.#hasOffset = false;
    this.#isDotted = false;
  }

  #number(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let value = 0;
    for (; at < end && isDigit(bytes[at]); at++) value = value * 10 + (bytes[at] as number) - 48;
    const before = bytes[start - 1];
    const isFraction = this.#timeParts === 3 && (before === 46 || before === 44);
    if (isFraction) return at;
    if (at - start > 4 || this.#count === MAX_NUMBERS) return -1;
    this.#numbers[this.#count] = value;
    this.#digits[this.#count] = at - start;
    if (this.#hourAt < 0) {
      if (bytes[at] === 58 && at < end) {
        this.#hourAt = this.#count;
        this.#timeParts = 1;
      } else if (bytes[at] === 46 && this.#count === 0 && isDigit(bytes[at + 1])) this.#isDotted = true;
    } else if (before === 58 && this.#count === this.#hourAt + this.#timeParts) this.#timeParts++;
    this.#count++;
    return at;
  }

  #word(bytes: Uint8Array, start: number, end: number): number {
    const first = bytes[start] as number;
    if (first === 0xc2 && bytes[start + 1] === 0xa0) return start + 2; // no-break space
    if (first === 0xe2 && bytes[start + 1] === 0x80) return start + 3; // thin spaces, direction marks
    let at = start;
    while (at < end && isLetter(bytes[at] as number) && !(bytes[at] === 0xc2 || bytes[at] === 0xe2)) at++;
    if (at === start) return start + 1;
    const meaning = this.#meaning(bytes, start, at);
    if (meaning > 0) this.#month = meaning;
    else if (this.#timeParts < 2) return at;
    else if (meaning === UTC) this.#hasOffset = true;
    else if (meaning === AM || meaning === PM) this.#halfDay = meaning;
    return at;
  }

  #meaning(bytes: Uint8Array, start: number, end: number): number {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
    let meaning = this.#words.get(key);
    if (meaning === undefined) {
      meaning = readTimeWord(Buffer.from(key, "latin1").toString("utf8"));
      if (this.#words.size < 1000) this.#words.set(key, meaning);
    }
    return meaning;
  }

  #offset(bytes: Uint8Array, sign: number, end: number): number {
    const text = Buffer.from(bytes.subarray(sign + 1, Math.min(end, sign + 6))).toString("latin1");
    const match = /^(\d\d):?(\d\d)?/.exec(text);
    if (match === null) return -1;
    const minutes = Number(match[1]) * 60 + Number(match[2] ?? 0);
    this.#offsetMinutes = bytes[sign] === 45 ? -minutes : minutes;
    this.#hasOffset = true;
    return sign + 1 + match[0].length;
  }

  #packed(): number {
    const second = this.#secondOfDay();
    const dateNumbers = this.#count - this.#timeParts;
    if (second < 0 || dateNumbers > 3) return Number.NaN;
    if (this.#month > 0) return this.#withMonthName(second, dateNumbers);
    if (dateNumbers !== 3) return Number.NaN;
    const [a, b, c] = [this.#dateNumber(0), this.#dateNumber(1), this.#dateNumber(2)];
    const digits = this.#dateDigits(0) === 4 ? 4 : this.#dateDigits(2) === 4 ? 3 : this.#dateDigits(2);
    if (this.#dateDigits(1) > 2 || (digits === 3 && this.#dateDigits(0) > 2)) return Number.NaN;
    if (digits === 4) return this.#instantOr(packTime(DATE, [a, b, c], second));
    if (this.#dateDigits(0) > 2 || this.#dateDigits(2) === 3) return Number.NaN;
    if (digits === 3) return packTime(this.#isDotted ? YEAR_LAST_DOTTED : YEAR_LAST, [a, b, c], second);
    // A one-digit number is never the year: marked by 100, so that the order can be told from it.
    const first = this.#dateDigits(0) === 1 ? a + 100 : a;
    const last = this.#dateDigits(2) === 1 ? c + 100 : c;
    return packTime(this.#isDotted ? SHORT_DOTTED : SHORT, [first, b, last], second);
  }

  #withMonthName(second: number, dateNumbers: number): number {
    if (dateNumbers === 1) return packTime(NO_YEAR, [0, this.#month, this.#dateNumber(0)], second);
    if (dateNumbers !== 2) return Number.NaN;
    const yearFirst = this.#dateDigits(0) === 4;
    const year = this.#dateNumber(yearFirst ? 0 : 1);
    const day = this.#dateNumber(yearFirst ? 1 : 0);
    return packTime(
      DATE,
      [this.#dateDigits(yearFirst ? 0 : 1) === 4 ? year : fullYear(year), this.#month, day],
      second,
    );
  }

  #instantOr(packed: number): number {
    if (!this.#hasOffset) return packed;
    const parts = new Int32Array(4);
    unpackTime(packed, parts);
    const [year, month, day, second] = parts as unknown as [number, number, number, number];
    if (!isDate(year, month, day)) return Number.NaN;
    const seconds = Date.UTC(year, month - 1, day) / 1000 + second - this.#offsetMinutes * 60;
    return seconds >= 0 ? seconds * 8 + INSTANT : Number.NaN;
  }

  /** The i-th number that belongs to the date, which may stand before or after the time. */
  #dateNumber(index: number): number {
    return this.#numbers[this.#dateIndex(index)] as number;
  }

  #dateDigits(index: number): number {
    return this.#digits[this.#dateIndex(index)] as number;
  }

  #dateIndex(index: number): number {
    return this.#hourAt >= 0 && index >= this.#hourAt ? index + this.#timeParts : index;
  }

  #secondOfDay(): number {
    if (this.#hourAt < 0) return 0;
    if (this.#timeParts < 2) return -1;
    let hour = this.#numbers[this.#hourAt] as number;
    const minute = this.#numbers[this.#hourAt + 1] as number;
    const second = this.#timeParts > 2 ? (this.#numbers[this.#hourAt + 2] as number) : 0;
    if (this.#halfDay !== 0) {
      if (hour < 1 || hour > 12) return -1;
      hour = (hour % 12) + (this.#halfDay === PM ? 12 : 0);
    }
    if (hour > 23 || minute > 59 || second > 59 || this.#timeParts > 3) return -1;
    return hour * 3600 + minute * 60 + second;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}

function isLetter(byte: number): boolean {
  return byte >= 0x80 || ((byte | 32) - 97) >>> 0 < 26;
}

/** Whether a text can be read as a time, in any format that a log has. */
export function isTimeCell(text: string): boolean {
  const bytes = Buffer.from(text);
  return !Number.isNaN(new TimeCellReader().read(bytes, 0, bytes.length));
}

/** Serial numbers of days from 1990 to 2100, as spreadsheets keep dates, perhaps with a fraction. */
const SERIAL_NUMBER = /^\s*(?:3[3-9]|[4-6]\d|7[0-3])\d{3}(?:[.,]\d+)?\s*$/;
/** What a spreadsheet shows, and saves, where a column is too narrow for its dates. */
const HASHES = /^\s*#{3,}\s*$/;
const LONGEST_SHOWN = 40;

/** What a cell that is no time looks like. */
export function whyNoTime(
  bytes: Buffer,
  start: number,
  end: number,
): "serial_number" | "hashes" | "unreadable_time" {
  if (end - start > LONGEST_SHOWN) return "unreadable_time";
  const text = bytes.toString("latin1", start, end);
  if (SERIAL_NUMBER.test(text)) return "serial_number";
  return HASHES.test(text) ? "hashes" : "unreadable_time";
}
