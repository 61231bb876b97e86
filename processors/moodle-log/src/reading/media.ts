import { InputInvalidError } from "@drover/processor-sdk";

const SIGNATURES: readonly (readonly [start: string, sentence: string])[] = [
  [
    "PK\x03\x04",
    "This file is a ZIP archive or an Excel workbook (.xlsx), whatever its name says. In Moodle's " +
      "Logs report choose “Comma separated values (.csv)” as the download format, or open the workbook " +
      "and save it as CSV.",
  ],
  [
    "\xd0\xcf\x11\xe0",
    "This file is an old Excel workbook (.xls). Open it in a spreadsheet and save it as CSV (UTF-8).",
  ],
  ["%PDF", "This file is a PDF. In Moodle's Logs report choose CSV as the download format."],
  ["\x1f\x8b", "This file is compressed (gzip). Unpack it and upload the CSV inside."],
  ["{", "This file looks like JSON. In Moodle's Logs report choose CSV as the download format."],
];

/**
 * Text has hardly a control character, though names pasted from elsewhere can bring some in; binary has them
 * everywhere.
 */
const BINARY_SHARE = 0.04;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is counted
const CONTROLS = /[\x00-\x08\x0e-\x1a]/g;

/**
 * Refuses what cannot be a CSV from its first bytes: an empty file, an archive, a workbook, a web page,
 * binary.
 * @param stored the first bytes of the file, one character a byte.
 * @param isUtf16 whether the file is known to be UTF-16, where NUL is normal.
 * @throws {InputInvalidError} with a sentence that says what to do.
 */
export function refuseOtherMedia(stored: string, isUtf16: boolean): void {
  if (isBlank(stored, isUtf16)) {
    throw new InputInvalidError(
      "The file is empty. Export the log again: in the course, Reports, Logs, “Get these logs”, then " +
        "download as CSV.",
    );
  }
  for (const [signature, sentence] of SIGNATURES) {
    if (stored.startsWith(signature)) throw new InputInvalidError(sentence);
  }
  const text = stored.trimStart().toLowerCase();
  if (/^(\xef\xbb\xbf)?<(!doctype|html|\?xml|!--)/.test(text)) {
    throw new InputInvalidError(
      "This file is a web page or XML, not a CSV. Your Moodle session may have ended during the " +
        "download; log in and export the log again.",
    );
  }
  const controls = stored.length - stored.replaceAll(CONTROLS, "").length;
  if (!isUtf16 && controls > stored.length * BINARY_SHARE) {
    throw new InputInvalidError(
      "This file is not text: it holds bytes that no CSV has. Export the log from Moodle again as CSV.",
    );
  }
}

function isBlank(stored: string, isUtf16: boolean): boolean {
  const text = isUtf16 ? stored.replaceAll("\0", "") : stored;
  return text.replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, "").trim() === "";
}
