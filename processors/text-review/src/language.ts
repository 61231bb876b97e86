import { InputInvalidError } from "@drover/processor-sdk";
import { francAll } from "franc-min";
import { type Dictionary, openDictionary } from "./rules/dictionary.js";
import type { Language, Tongue } from "./rules/rule-names.js";

/** How much of the text decides, in UTF-16 code units. */
const SAMPLE = 20_000;
/** A text with fewer letters does not tell for sure that it is in a third language. */
const ENOUGH_LETTERS = 300;
/** How close English or Portuguese must be to the language that fits best, 1 being it. */
const CLOSE = 0.9;

const TONGUES: Readonly<Record<string, Tongue>> = { eng: "en", por: "pt" };
const SPELLINGS = { en: ["en", "en-gb"], pt: ["pt", "pt-br"] } as const satisfies Record<
  Tongue,
  readonly Language[]
>;

export interface ChosenLanguage {
  readonly language: Language;
  readonly dictionary: Dictionary;
}

/** Opens the dictionary of the language asked for, or of the one that the start of the text is in. */
export async function chooseLanguage(asked: Language | "auto", text: string): Promise<ChosenLanguage> {
  if (asked !== "auto") return { language: asked, dictionary: await openDictionary(asked) };
  const sample = text.slice(0, SAMPLE);
  const words = new Set(sample.match(/(?<![\p{L}\p{N}])\p{Ll}{2,}(?![\p{L}\p{N}])/gu) ?? []);
  const candidates = await Promise.all(
    SPELLINGS[tongueOfText(sample)].map(async (language) => {
      const dictionary = await openDictionary(language);
      const known = [...words].filter((word) => dictionary.knows(word)).length;
      return { language, dictionary, known };
    }),
  );
  // The first of equals.
  return candidates.reduce((best, next) => (next.known > best.known ? next : best));
}

/** @throws `InputInvalidError` when a text of some length is in neither language. */
function tongueOfText(sample: string): Tongue {
  const ranking = francAll(sample);
  const best = ranking.find(([code]) => code in TONGUES);
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  if (letters >= ENOUGH_LETTERS && (best === undefined || best[1] < CLOSE)) {
    throw new InputInvalidError(
      "The text seems to be neither English nor Portuguese. If it is, name its language in the param " +
        "`language`: en, en-gb, pt or pt-br.",
    );
  }
  const [[code = ""] = []] = francAll(sample, { only: Object.keys(TONGUES) });
  return TONGUES[code] ?? "en";
}
