import { stat } from "node:fs/promises";
import { join } from "node:path";
import { asUtf8, detectEncoding, type Encoding, encodingOfHead, readHead } from "./reading/encoding.js";
import { type DetectedLayout, detectLayout } from "./reading/layout.js";
import { refuseOtherMedia } from "./reading/media.js";

const HEAD_BYTES = 256 << 10;

/** The input as text, and how its table stands in it. */
export interface DetectedText extends DetectedLayout {
  readonly encoding: Encoding;
  /** The text as UTF-8: the input itself, or a copy in the scratch folder. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** Decides what the input is: encoding over the whole file, delimiter, headings, columns. Throws `InputInvalidError` when it is no log. */
export async function detect(
  input: { readonly path: string; readonly scratch: string },
  options: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<DetectedText> {
  const head = await readHead(input.path, HEAD_BYTES);
  const headEncoding = encodingOfHead(head);
  refuseOtherMedia(head, headEncoding === "utf-16le" || headEncoding === "utf-16be");
  const encoding = await detectEncoding(input.path, options);
  const text = await asUtf8(input.path, encoding, {
    copyPath: join(input.scratch, "utf8.csv"),
    loneReturns: hasOnlyReturns(head),
    signal: options.signal,
  });
  const { size } = await stat(text.path);
  const textHead = await readHead(text.path, HEAD_BYTES);
  const layout = detectLayout(textHead, { start: text.start, isWhole: size <= HEAD_BYTES });
  return { ...layout, encoding, path: text.path, sizeBytes: size };
}

function hasOnlyReturns(head: Buffer): boolean {
  return head.includes(13) && !head.includes(10);
}
