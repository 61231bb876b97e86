/** A piece of the text that is reviewed by itself. */
export interface Paragraph {
  /** Offset in the text, in UTF-16 code units. */
  readonly start: number;
  /**
   * As in the text, but for what is no prose: signs of Markdown are spaces, code and addresses are digits. So
   * it has the same length as in the text, and offsets in it are offsets in the text.
   */
  readonly text: string;
}

/** Longest paragraph, in UTF-16 code units: what is longer is reviewed in pieces. */
export const MAX_PARAGRAPH = 5_000;

/** The paragraphs of a plain text: what lies between empty lines. */
export function* paragraphsOf(text: string): Generator<Paragraph> {
  const blank = /(?:\r\n?|\n)[^\S\r\n]*(?=\r|\n)/g;
  let start = 0;
  for (const { index } of text.matchAll(blank)) {
    yield* pieces(text.slice(start, index), start);
    start = index;
  }
  yield* pieces(text.slice(start), start);
}

/**
 * The paragraph without white space around it, in pieces of at most `MAX_PARAGRAPH`, cut after a sentence,
 * else between words, else between characters.
 */
export function* pieces(paragraph: string, start: number): Generator<Paragraph> {
  for (let at = 0; at < paragraph.length; ) {
    const rest = paragraph.slice(at, at + MAX_PARAGRAPH + 1);
    const length = rest.length > MAX_PARAGRAPH ? cutAt(rest) : rest.length;
    const piece = rest.slice(0, length);
    const text = piece.trim();
    if (text !== "") yield { start: start + at + piece.indexOf(text), text: withoutAddresses(text) };
    at += length;
  }
}

const SITE = "(?:(?:https?|ftp|mailto):|www\\.)[^\\s<>]*[^\\s<>.,;:!?)\\]}'\"”’]";
const MAIL = "[\\w.+-]{1,64}@[\\w-]{1,64}(?:\\.[\\w-]{1,64})+";
const ADDRESS = new RegExp(`(?<![\\p{L}\\p{N}])(?:${SITE}|${MAIL})`, "giu");

/** Addresses of the web and of mail as digits: no word, and of the same length. */
function withoutAddresses(text: string): string {
  return text.replace(ADDRESS, (found) => "0".repeat(found.length));
}

function cutAt(text: string): number {
  const half = MAX_PARAGRAPH / 2;
  const head = text.slice(0, MAX_PARAGRAPH);
  const sentence = Math.max(
    ...[". ", "! ", "? ", ".\n", "!\n", "?\n"].map((end) => head.lastIndexOf(end) + 2),
  );
  if (sentence > half) return sentence;
  const word = head.search(/\s\S*$/);
  if (word > half) return word + 1;
  return /[\ud800-\udbff]$/.test(head) ? MAX_PARAGRAPH - 1 : MAX_PARAGRAPH;
}
