import type { Tongue } from "./rule-names.js";

/** Pairs of a usual mistake and what it stands for; `^` and `$` tie it to the start and the end of a word. */
export type Replacements = readonly (readonly [wrong: string, right: string])[];

/** Letters by how common they are. */
const LETTERS: Readonly<Record<Tongue, string>> = {
  en: "esianrtolcdugmphbyfvkwzxqj'",
  pt: "aeosrindmutclpvgqbfzhjxçãáéíóêõúâôà",
};
const VOWELS = "aeiouáàâãéêíóôõú";

/**
 * Spellings that are one slip away from `word`, the likeliest first: the dictionary's usual mistakes,
 * accents, swapped letters, a letter doubled or not, a wrong vowel, a letter too many, one too few, a wrong
 * one. The first letter is seldom the wrong one, so what changes it comes last. Always the same for the same
 * word.
 */
export function correctionsOf(word: string, tongue: Tongue, replacements: Replacements): readonly string[] {
  const lower = word.toLowerCase();
  const letters = [...LETTERS[tongue]];
  const places = Array.from({ length: lower.length }, (_, i) => i);
  const put = (i: number, removed: number, text: string) =>
    lower.slice(0, i) + text + lower.slice(i + removed);
  const replaced = (i: number, isWanted: (letter: string) => boolean) =>
    letters.filter((letter) => letter !== lower[i] && isWanted(letter)).map((letter) => put(i, 1, letter));
  const isSameBase = (i: number) => (letter: string) => baseOf(letter) === baseOf(lower[i] ?? "");
  const isVowel = (i: number) => (letter: string) =>
    VOWELS.includes(lower[i] ?? "") && VOWELS.includes(letter);
  const steps: readonly (readonly string[])[] = [
    replacements.flatMap((pair) => usual(lower, pair)),
    places.flatMap((i) => replaced(i, isSameBase(i))),
    places.slice(1).map((i) => put(i - 1, 2, `${lower[i]}${lower[i - 1]}`)),
    places.filter((i) => lower[i] === lower[i - 1]).map((i) => put(i, 1, "")),
    places.map((i) => put(i, 0, lower[i] ?? "")),
    places.flatMap((i) => replaced(i, isVowel(i))),
    places.map((i) => put(i, 1, "")),
    [...places, lower.length].flatMap((i) => letters.map((letter) => put(i, 0, letter))),
    places.flatMap((i) => replaced(i, () => true)),
  ];
  const all = steps.flat();
  const keepsFirst = (candidate: string) => baseOf(candidate[0] ?? "") === baseOf(lower[0] ?? "");
  const isFine = (candidate: string) => candidate !== lower && candidate.length > 1;
  const inOrder = [...all.filter(keepsFirst), ...all.filter((candidate) => !keepsFirst(candidate))];
  return inOrder.filter(isFine).map((candidate) => inCaseOf(word, candidate));
}

function usual(word: string, [wrong, right]: readonly [string, string]): readonly string[] {
  const isAtStart = wrong.startsWith("^");
  const isAtEnd = wrong.endsWith("$");
  const part = wrong.slice(isAtStart ? 1 : 0, isAtEnd ? -1 : undefined).toLowerCase();
  if (part === "") return [];
  const found: string[] = [];
  for (let i = word.indexOf(part); i !== -1; i = word.indexOf(part, i + 1)) {
    const fits = (!isAtStart || i === 0) && (!isAtEnd || i + part.length === word.length);
    if (fits) found.push(word.slice(0, i) + right + word.slice(i + part.length));
  }
  return found;
}

function baseOf(letter: string): string {
  return letter.normalize("NFD")[0] ?? "";
}

/** `Teh` gives `The`. */
function inCaseOf(word: string, candidate: string): string {
  const [first = ""] = word;
  return first === first.toLowerCase() ? candidate : candidate.charAt(0).toUpperCase() + candidate.slice(1);
}
