import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { InputInvalidError, type ProcessorInput } from "@drover/processor-sdk";
import { decodeText } from "./decode-text.js";

/** Largest text, in bytes of a file and in UTF-16 code units of a text. */
export const MAX_TEXT = 20 * 1024 ** 2;

export type Format = "text" | "markdown" | "docx";

/** The plain text under review: what the offsets of all suggestions mean. */
export interface ReviewedText {
  readonly format: Format;
  readonly encoding: string;
  readonly text: string;
}

/** What a file is by its first bytes, when it is no text: the words that a person knows it by. */
const OTHER_FILES: readonly (readonly [string, string])[] = [
  ["%PDF", "The file is a PDF. Export it as DOCX or as plain text."],
  ["{\\rtf", "The file is in Rich Text Format. Save it as DOCX or as plain text."],
  [
    "\xd0\xcf\x11\xe0",
    "The file is a DOCX with a password, or from a Word before 2007. Save it as DOCX without a password.",
  ],
  ["\x7fELF", "The file is a program, not a text."],
  ["\x89PNG", "The file is an image, not a text."],
  ["\xff\xd8\xff", "The file is an image, not a text."],
  ["\x1f\x8b", "The file is compressed. Unpack it first."],
];

/**
 * The input as plain text. What it is is decided by its first bytes, then by its name: Markdown by `.md`,
 * `.markdown` or its media type.
 * @throws `InputInvalidError` for what is no text, has none, or has more than `MAX_TEXT`.
 */
export async function readReviewedText(input: ProcessorInput, signal: AbortSignal): Promise<ReviewedText> {
  const head = (await firstBytes(input, 8)).toString("latin1");
  for (const [start, message] of OTHER_FILES)
    if (head.startsWith(start)) throw new InputInvalidError(message);
  if (head.startsWith("PK\x03\x04")) {
    const { textOfDocx } = await import("./docx-text.js");
    const text = await textOfDocx(input.path, { signal, maxText: MAX_TEXT });
    return withWords({ format: "docx", encoding: "utf-8", text });
  }
  if (extname(input.filename).toLowerCase() === ".docx") {
    throw new InputInvalidError(
      "The file is called .docx, but it is no DOCX: it does not begin as a ZIP file.",
    );
  }
  if (input.sizeBytes > MAX_TEXT) {
    throw new InputInvalidError(`The text has ${input.sizeBytes} bytes; at most ${MAX_TEXT} are reviewed.`);
  }
  const { text, encoding } = decodeText(await readFile(input.path, { signal }));
  return withWords({ format: isMarkdown(input) ? "markdown" : "text", encoding, text });
}

function withWords(reviewed: ReviewedText): ReviewedText {
  if (/\p{L}/u.test(reviewed.text)) return reviewed;
  throw new InputInvalidError("There is no text in the file: not one letter.");
}

function isMarkdown({ filename, mediaType }: ProcessorInput): boolean {
  const ending = extname(filename).toLowerCase();
  return (
    ending === ".md" || ending === ".markdown" || (ending === "" && mediaType.startsWith("text/markdown"))
  );
}

async function firstBytes(input: ProcessorInput, count: number): Promise<Buffer> {
  for await (const chunk of input.stream()) return Buffer.from(chunk.subarray(0, count));
  return Buffer.alloc(0);
}
