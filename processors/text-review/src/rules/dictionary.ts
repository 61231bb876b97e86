import { Hunspell } from "hunspell-wasm";
import createModule from "hunspell-wasm/wasm/hunspell.js";
import { correctionsOf, type Replacements } from "./corrections.js";
import { type Language, tongueOf } from "./rule-names.js";

/** How many results are remembered; a word repeats often. */
const REMEMBERED = 50_000;
/** For how many different words a correction is looked for, which takes some ms each. */
const MAX_CORRECTED = 5_000;
/** Longer words are taken as they are. */
const MAX_LENGTH = 60;

/** The words of one language. */
export interface Dictionary {
  /** Whether the word is spelt correctly; capitals are accepted as the dictionary has them. */
  knows(word: string): boolean;
  /** The likeliest correct spelling of a word that is not known, or `null`. */
  correctionOf(word: string): string | null;
}

/**
 * Loads a Hunspell dictionary into an engine of its own, which is collected with the dictionary. Hunspell's
 * own corrections are not used: it stops looking after a while by the clock, so that they depend on the load
 * of the machine.
 */
export async function openDictionary(language: Language): Promise<Dictionary> {
  const { aff, dic } = await WORDS[language]();
  const affixes = Buffer.from(aff).toString("utf8");
  const engine = new Hunspell(await createModule(), affixes, Buffer.from(dic).toString("utf8"));
  const isWord = (word: string): boolean => engine.testSpelling(word);
  const known = remembering((word) => word.length > MAX_LENGTH || isWord(word), REMEMBERED);
  const replacements = replacementsOf(affixes);
  const tongue = tongueOf(language);
  const corrections = new Map<string, string | null>();
  return {
    knows: (word) => known(normalized(word)),
    correctionOf(word) {
      const wrong = normalized(word);
      const found = corrections.get(wrong);
      if (found !== undefined || corrections.size >= MAX_CORRECTED) return found ?? null;
      const correction = correctionsOf(wrong, tongue, replacements).find(isWord) ?? null;
      corrections.set(wrong, correction);
      return correction;
    },
  };
}

const WORDS = {
  en: async () => (await import("dictionary-en")).default,
  "en-gb": async () => (await import("dictionary-en-gb")).default,
  pt: async () => (await import("dictionary-pt-pt")).default,
  "pt-br": async () => (await import("dictionary-pt")).default,
} as const satisfies Record<Language, () => Promise<{ aff: Uint8Array; dic: Uint8Array }>>;

/** As dictionaries write words: composed characters, a straight apostrophe. */
function normalized(word: string): string {
  return word.normalize("NFC").replaceAll("’", "'");
}

function remembering<T>(look: (word: string) => T, size: number): (word: string) => T {
  const remembered = new Map<string, T>();
  return (word) => {
    const found = remembered.get(word);
    if (found !== undefined) return found;
    if (remembered.size >= size) remembered.clear();
    const result = look(word);
    remembered.set(word, result);
    return result;
  };
}

/** The dictionary's table of usual mistakes: lines `REP wrong right`, `_` for a space. */
function replacementsOf(affixes: string): Replacements {
  const rows = affixes.matchAll(/^REP[ \t]+(\S*\D\S*)[ \t]+(\S+)/gm);
  return [...rows].map(([, wrong = "", right = ""]) => [wrong, right.replaceAll("_", " ")]);
}
