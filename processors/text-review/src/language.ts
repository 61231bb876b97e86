import { InputInvalidError } from "@drover/processor-sdk";
import { francAll } from "franc-min";
import { type Dictionary, openDictionary } from "./rules/dictionary.js";
import type { Language, Tongue } from "./rules/rule-names.js";

/** How much of the text decides, in UTF-16 code units. */
const SAMPLE = 20_000;
/** A text with fewer different words does not tell for sure that it is in a third language. */
const ENOUGH_WORDS = 15;
/** The share of different words that a dictionary knows of a text in its language. */
const KNOWN = 0.75;

const TONGUES: Readonly<Record<string, Tongue>> = { eng: "en", por: "pt" };
const SPELLINGS = {
  en: ["en", "en-gb"],
  pt: ["pt", "pt-br"],
} as const satisfies Record<Tongue, readonly Language[]>;

export interface ChosenLanguage {
  readonly language: Language;
  readonly dictionary: Dictionary;
}

/**
 * Opens the dictionary of the language asked for, or of the one that the start of the text is in: English or
 * Portuguese by its letters, then the spelling whose dictionary knows more of its words.
 * @throws `InputInvalidError` when neither its letters nor its words are those of either language.
 */
export async function chooseLanguage(asked: Language | "auto", text: string): Promise<ChosenLanguage> {
  if (asked !== "auto") return { language: asked, dictionary: await openDictionary(asked) };
  const sample = text.slice(0, SAMPLE);
  const words = new Set(sample.match(/(?<![\p{L}\p{N}])\p{Ll}{2,}(?![\p{L}\p{N}])/gu) ?? []);
  const [[likeliest = ""] = []] = francAll(sample);
  const [[nearest = ""] = []] = francAll(sample, { only: Object.keys(TONGUES) });
  const candidates = await Promise.all(
    SPELLINGS[TONGUES[nearest] ?? "en"].map(async (language) => {
      const dictionary = await openDictionary(language);
      const known = [...words].filter((word) => dictionary.knows(word)).length;
      return { language, dictionary, known };
    }),
  );
  // The first of equals.
  const best = candidates.reduce((one, next) => (next.known > one.known ? next : one));
  if (!(likeliest in TONGUES) && words.size >= ENOUGH_WORDS && best.known < KNOWN * words.size) {
    throw new InputInvalidError(
      "The text seems to be neither English nor Portuguese. If it is, name its language in the param " +
        "`language`: en, en-gb, pt or pt-br.",
    );
  }
  return best;
}
