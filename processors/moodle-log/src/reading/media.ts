import { InputInvalidError } from "@drover/processor-sdk";

const SIGNATURES: readonly (readonly [readonly number[], string])[] = [
  [
    [0x50, 0x4b, 0x03, 0x04],
    "This file is a ZIP archive or an Excel workbook (.xlsx), whatever its name says. In Moodle's Logs report choose “Comma separated values (.csv)” as the download format, or open the workbook and save it as CSV.",
  ],
  [
    [0xd0, 0xcf, 0x11, 0xe0],
    "This file is an old Excel workbook (.xls). Open it in a spreadsheet and save it as CSV (UTF-8).",
  ],
  [
    [0x25, 0x50, 0x44, 0x46],
    "This file is a PDF. In Moodle's Logs report choose CSV as the download format.",
  ],
  [[0x1f, 0x8b], "This file is compressed (gzip). Unpack it and upload the CSV inside."],
  [[0x7b], "This file looks like JSON. In Moodle's Logs report choose CSV as the download format."],
];

/** Text has hardly a control character, though names pasted from elsewhere can bring some in; binary has them everywhere. */
const BINARY_SHARE = 0.04;

/**
 * Refuses what cannot be a CSV from its first bytes: an empty file, an archive, a workbook, a web page, binary.
 * @param head the first bytes of the file, as stored.
 * @param isUtf16 whether the file is known to be UTF-16, where NUL bytes are normal.
 */
export function refuseOtherMedia(head: Buffer, isUtf16: boolean): void {
  if (isBlank(head, isUtf16)) {
    throw new InputInvalidError(
      "The file is empty. Export the log again: in the course, Reports, Logs, “Get these logs”, then download as CSV.",
    );
  }
  for (const [signature, sentence] of SIGNATURES) {
    if (signature.every((byte, index) => head[index] === byte)) throw new InputInvalidError(sentence);
  }
  const text = head.toString("latin1").trimStart().toLowerCase();
  if (/^(\xef\xbb\xbf)?<(!doctype|html|\?xml|!--)/.test(text)) {
    throw new InputInvalidError(
      "This file is a web page or XML, not a CSV. Your Moodle session may have ended during the download; log in and export the log again.",
    );
  }
  const controls = head.reduce((count, byte) => count + (byte < 9 || (byte > 13 && byte < 27) ? 1 : 0), 0);
  if (!isUtf16 && controls > head.length * BINARY_SHARE) {
    throw new InputInvalidError(
      "This file is not text: it holds bytes that no CSV has. Export the log from Moodle again as CSV.",
    );
  }
}

function isBlank(head: Buffer, isUtf16: boolean): boolean {
  const text = isUtf16 ? head.toString("latin1").replaceAll("\0", "") : head.toString("latin1");
  return text.replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, "").trim() === "";
}
