import { styleText } from "node:util";
import stringWidth from "string-width";

/** What a colour says. */
export type Tone = "good" | "bad" | "busy" | "faint";

/** A piece of a line; what others wrote in it has to be `visible` already. */
export type Piece = string | readonly [Tone, string];

/** Colours a text for one stream. */
export type Paint = (tone: Tone, text: string) => string;

const FORMATS = { good: "green", bad: "red", busy: "cyan", faint: "dim" } as const;

/** Colours nothing. */
export const plain: Paint = (_, text) => text;

/**
 * Colours where the stream is a terminal that has them. `NO_COLOR` (no-color.org) turns them off, `FORCE_COLOR`
 * on for a pipe too; `isWanted` false is `--no-color`, which counts before both.
 */
export function painterOf(stream: NodeJS.WriteStream, isWanted: boolean): Paint {
  if (!isWanted) return plain;
  return (tone, text) => styleText(FORMATS[tone], text, { stream, validateStream: true });
}

/** The tone that a job's status has; none for one that waits, or that this version does not know. */
export function toneOf(status: string): Tone | undefined {
  switch (status) {
    case "completed":
      return "good";
    case "failed":
    case "cancelled":
      return "bad";
    case "running":
      return "busy";
    default:
      return undefined;
  }
}

/** A status as a piece of a line. */
export function statusPiece(status: string, text = status): Piece {
  const tone = toneOf(status);
  return tone === undefined ? text : [tone, text];
}

/** The pieces as one line, coloured, and no wider than `columns`; the end of a longer one is "…". */
export function renderLine(pieces: readonly Piece[], columns: number, paint: Paint): string {
  let room = columns;
  let line = "";
  for (const piece of pieces) {
    const [tone, text] = typeof piece === "string" ? [undefined, piece] : piece;
    const cut = cutToWidth(text, room);
    line += tone === undefined || cut === "" ? cut : paint(tone, cut);
    if (cut !== text) break;
    room -= widthOf(text);
  }
  return line;
}

/** The text with spaces up to the width. */
export function padToWidth(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

const ASCII = /^[\x20-\x7e]*$/;
const characters = new Intl.Segmenter();

/** Columns of a terminal that a text takes: 2 for a wide character, 0 for one that combines. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** The text up to the width, its last column a "…" where something was cut; never half a character. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let room = columns - 1;
  for (const { segment } of characters.segment(text)) {
    room -= widthOf(segment);
    if (room < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}
