const QUOTE = 34;
const MINUS = 45;

/** Bytes with which a spreadsheet starts a formula: = + - @ TAB CR. */
const FORMULA_STARTS: readonly number[] = [61, 43, MINUS, 64, 9, 13];

/**
 * Whether a spreadsheet would run what `bytes[start, end)` holds. A lone minus, Moodle's sign for nobody, is
 * none.
 */
export function isFormula(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start] as number;
  return (
    end > start && first <= 64 && FORMULA_STARTS.includes(first) && !(first === MINUS && end === start + 1)
  );
}

function isFormulaText(text: string): boolean {
  return FORMULA_STARTS.includes(text.charCodeAt(0)) && text !== "-";
}

/**
 * A text as a cell of RFC 4180.
 * @param neutralizes whether a formula gets an apostrophe in front.
 */
export function csvText(text: string, neutralizes: boolean): string {
  const safe = neutralizes && isFormulaText(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The same, in UTF-8. */
export function csvCell(text: string, neutralizes: boolean): Buffer {
  return Buffer.from(csvText(text, neutralizes), "utf8");
}

/** Whether a cell that stands without quotes must get some: it holds a comma, a quote or a line break. */
export function needsQuotes(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === 44 || byte === QUOTE || byte === 10 || byte === 13) return true;
  }
  return false;
}
