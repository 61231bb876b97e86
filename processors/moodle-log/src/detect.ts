import { type Encoding, openText } from "./kernel/index.js";
import { type DetectedLayout, detectLayout } from "./reading/layout.js";
import { refuseOtherMedia } from "./reading/media.js";

/** The input as text, and how its table stands in it. */
export interface DetectedText extends DetectedLayout {
  readonly encoding: Encoding;
  /** The text as UTF-8: the input itself, or a copy in the scratch folder. */
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Decides what the input is: encoding over the whole file, delimiter, headings, columns.
 * @throws {InputInvalidError} when it is no log.
 */
export async function detect(
  input: { readonly path: string; readonly scratch: string },
  options: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<DetectedText> {
  const text = await openText(input, { ...options, checkHead: refuseOtherMedia });
  const { encoding, path, sizeBytes } = text;
  return { ...detectLayout(text.head, text), encoding, path, sizeBytes };
}
