import type { Dictionary } from "./dictionary.js";
import type { Span } from "./prose.js";
import type { Finding, Tongue } from "./rule-names.js";
import { sentenceFor } from "./rule-sentences.js";

/** What is no word of a language: digits, addresses, names of files, `camelCase`, `ACRONYMs`. */
const NO_WORD = /[\p{N}@\\_]|[./:]\p{L}|\p{Ll}\p{Lu}|^\p{Lu}+s?$/u;

export interface SpellingOptions {
  readonly dictionary: Dictionary;
  readonly tongue: Tongue;
  /** In lower case. */
  readonly ignored: ReadonlySet<string>;
}

/**
 * Reports words that the dictionary does not know. A word with a capital that resembles no common word is
 * taken for a name.
 */
export function misspellings(text: string, words: readonly Span[], options: SpellingOptions): Finding[] {
  return words.flatMap(({ start, end }) => {
    const word = text.slice(start, end);
    if (NO_WORD.test(word) || isFine(word, options)) return [];
    return [...word.matchAll(/[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*/gu)].flatMap(({ 0: part, index }) => {
      const at = start + index;
      return isFine(part, options) ? [] : findingOf(part, at, options);
    });
  });
}

function isFine(word: string, { dictionary, ignored, tongue }: SpellingOptions): boolean {
  const lower = word.toLowerCase().normalize("NFC");
  if ([...word].length < 2 || ignored.has(lower) || dictionary.knows(word)) return true;
  const owner = tongue === "en" ? /^(.+)(?:['’]s|s['’])$/u.exec(word)?.[1] : undefined;
  return owner !== undefined && (ignored.has(owner.toLowerCase()) || dictionary.knows(owner));
}

function findingOf(
  original: string,
  start: number,
  { dictionary, tongue }: SpellingOptions,
): readonly Finding[] {
  const replacement = dictionary.correctionOf(original);
  const isCapital = /^\p{Lu}/u.test(original);
  if (isCapital && (replacement === null || !dictionary.knows(replacement.toLowerCase()))) return [];
  const proposals = replacement === null ? [] : [replacement];
  const text = sentenceFor(tongue, { rule: "spelling", original, proposals });
  const severity = replacement === null ? "warning" : "error";
  return [{ rule: "spelling", severity, start, end: start + original.length, text, replacement }];
}
