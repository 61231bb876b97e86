import type { ParsedSentence } from "./prose.js";
import { type Finding, SEVERITY } from "./rule-names.js";
import { sentenceFor } from "./rule-sentences.js";

/** Shorter sentences are not judged. */
const MIN_WORDS = 12;
/** Of the index: below it a text is for readers with a degree. */
const HARD = 0;

/**
 * Reports sentences whose Flesch reading ease, adapted to Portuguese, is below 0: long sentences of long
 * words. Source: Martins, Ghiraldelo, Nunes, Oliveira Jr., "Readability formulas applied to textbooks in
 * Brazilian Portuguese", ICMC-USP (1996): Flesch's index for English, plus 42.
 */
export function hardSentences(text: string, sentences: readonly ParsedSentence[]): Finding[] {
  return sentences.flatMap(({ start, end, words }) => {
    if (words.length < MIN_WORDS) return [];
    const syllables = words.reduce((sum, word) => sum + syllablesOf(text.slice(word.start, word.end)), 0);
    const ease = 248.835 - 1.015 * words.length - (84.6 * syllables) / words.length;
    if (ease >= HARD) return [];
    const original = text.slice(start, end);
    const sentence = sentenceFor("pt", { rule: "readability", original, proposals: [] });
    return [
      { rule: "readability", severity: SEVERITY.readability, start, end, text: sentence, replacement: null },
    ];
  });
}

/** Groups of vowels; two vowels are two syllables unless the second closes a diphthong. */
function syllablesOf(word: string): number {
  const groups = word.toLowerCase().match(/[aeoáàâéêóôíúãõ](?:[iu](?![nmrl]\b)|(?<=ã|õ)[oe])?|[iu]/gu);
  return Math.max(1, groups?.length ?? 0);
}
