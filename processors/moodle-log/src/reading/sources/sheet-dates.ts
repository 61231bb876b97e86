/** Numbers of Excel's own formats that show a date; those of a time alone are among them. */
const DATE_FORMATS: readonly (readonly [number, number])[] = [
  [14, 22],
  [27, 36],
  [45, 47],
  [50, 58],
];
/** Day 0 of the serial numbers; with the first system, that of the days after Excel's 29 February 1900. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
/** The last day that a spreadsheet knows, in 9999. */
const LAST_DAY = 2_958_465;

/**
 * Whether a cell format shows a date.
 * @param id of the format; codes of a workbook's own formats are in `codes`.
 */
export function isDateFormat(id: number, codes: ReadonlyMap<number, string>): boolean {
  const code = codes.get(id);
  if (code === undefined) return DATE_FORMATS.some(([from, to]) => id >= from && id <= to);
  // Texts in quotes, escaped letters, colours and conditions are no part of the pattern.
  const pattern = code.replace(/"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, "");
  return /[dmyhs]/i.test(pattern) && !/general/i.test(pattern);
}

/** A serial number as `2024-08-22 13:43:23`; `undefined` for a number that is no date. */
export function dateOfSerial(text: string, is1904: boolean): string | undefined {
  const serial = Number(text);
  if (!(serial >= 1 && serial < LAST_DAY)) return undefined;
  const ms = (is1904 ? EPOCH_1904 : EPOCH_1900) + Math.round(serial * 86_400) * 1000;
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}
