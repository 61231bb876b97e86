import { isUtf8 } from "node:buffer";
import { InputInvalidError } from "@drover/processor-sdk";

export interface DecodedText {
  /** Without a byte order mark; line breaks as they were. */
  readonly text: string;
  readonly encoding: "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";
}

/**
 * Decodes by the byte order mark; without one as UTF-8 when every byte fits, else as windows-1252: the one
 * other encoding in which English and Portuguese are commonly saved.
 * @throws `InputInvalidError` for bytes that are no text, which control characters give away.
 */
export function decodeText(bytes: Buffer): DecodedText {
  const encoding = encodingOf(bytes);
  const text = decode(bytes, encoding);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no text has.
  const at = text.search(/[\0-\x08\x0e-\x1a\x1c-\x1f]/);
  if (at === -1) return { text, encoding };
  throw new InputInvalidError(
    `The file is no text: character ${at + 1} is a control character (U+${hex(text.charCodeAt(at))}). ` +
      "Save it as plain text in UTF-8, or as DOCX.",
  );
}

function encodingOf(bytes: Buffer): DecodedText["encoding"] {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return hasMark || isUtf8(bytes) ? "utf-8" : "windows-1252";
}

function decode(bytes: Buffer, encoding: DecodedText["encoding"]): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InputInvalidError(
      `The file begins as ${encoding.toUpperCase()}, but not all of it is. Save it as plain text in UTF-8.`,
      { cause },
    );
  }
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}
