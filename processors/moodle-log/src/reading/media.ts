import { InputInvalidError } from "@drover/processor-sdk";

/** What a file is by its content, whatever its name says. */
export type Media = "text" | "zip" | "json" | "html";

const SIGNATURES: readonly (readonly [start: string, sentence: string])[] = [
  ["PK\x05\x06", "This ZIP archive is empty."],
  [
    "\xd0\xcf\x11\xe0",
    "This file is an old Excel workbook (.xls), or one with a password. Open it in a spreadsheet and save it as " +
      ".xlsx or as CSV (UTF-8), without a password.",
  ],
  ["%PDF", "This file is a PDF. In Moodle's Logs report choose CSV as the download format."],
  ["\x1f\x8b", "This file is compressed (gzip). Unpack it and upload the file inside."],
  [
    "7z\xbc\xaf\x27\x1c",
    "This file is a 7-Zip archive. Unpack it and upload the file inside, or pack it as ZIP.",
  ],
  ["Rar!", "This file is a RAR archive. Unpack it and upload the file inside, or pack it as ZIP."],
];

/**
 * Text has hardly a control character, though names pasted from elsewhere can bring some in; binary has them
 * everywhere.
 */
const BINARY_SHARE = 0.04;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is counted
const CONTROLS = /[\x00-\x08\x0e-\x1a]/g;

/**
 * Tells from its first bytes what a file is, and refuses what can hold no log: an empty file, a PDF, binary.
 * @param head.stored the first bytes of the file, one character a byte.
 * @param head.isUtf16 whether the file is UTF-16, where NUL is normal.
 * @throws {InputInvalidError} with a sentence that says what to do.
 */
export function mediaOf({ stored, isUtf16 }: { readonly stored: string; readonly isUtf16: boolean }): Media {
  const text = (isUtf16 ? stored.replaceAll("\0", "") : stored)
    .replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, "")
    .trimStart();
  if (text === "") {
    throw new InputInvalidError(
      "The file is empty. Export the log again: in the course, Reports, Logs, “Get these logs”, then " +
        "download as CSV.",
    );
  }
  if (stored.startsWith("PK\x03\x04")) return "zip";
  for (const [signature, sentence] of SIGNATURES) {
    if (stored.startsWith(signature)) throw new InputInvalidError(sentence);
  }
  const controls = stored.length - stored.replaceAll(CONTROLS, "").length;
  if (!isUtf16 && controls > stored.length * BINARY_SHARE) {
    throw new InputInvalidError(
      "This file is not text: it holds bytes that no CSV has. Export the log from Moodle again as CSV.",
    );
  }
  if (/^[[{]\s*(["[\]{}]|-?\d|null|true|false|$)/.test(text)) return "json";
  return mediaOfTags(text);
}

function mediaOfTags(text: string): Media {
  if (!/^<(!|\?xml|[a-z])/i.test(text)) return "text";
  if (/<(!doctype html|html|table|body)\b/i.test(text)) return "html";
  throw new InputInvalidError(
    "This file is XML, and no log. In Moodle's Logs report choose CSV as the download format.",
  );
}

/**
 * What is told of a file that cannot be read: a refusal in words when it is damaged or refused itself, else the
 * error as it is, as of a full disk.
 * @param what the file, at the beginning of a sentence.
 */
export function unreadable(what: string, error: unknown): unknown {
  if (error instanceof InputInvalidError) {
    return new InputInvalidError(`${what} cannot be read. ${error.message}`, { cause: error });
  }
  if (!(error instanceof Error) || !isOfContent(error)) return error;
  const reason = error.message.replace(/\.$/, "").slice(0, 200);
  return new InputInvalidError(
    `${what} cannot be read: it is damaged (${reason}). Export or save it again.`,
    {
      cause: error,
    },
  );
}

/** What parsers throw is a plain `Error`; those of the system have a code. */
function isOfContent(error: Error): boolean {
  const code = "code" in error ? String(error.code) : "Z_";
  return error.constructor === Error && code.startsWith("Z_");
}
