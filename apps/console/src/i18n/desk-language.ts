import { type DeskMessages, messages as english } from "./desk-en.js";
import { messages as portuguese } from "./desk-pt.js";
import { type LanguageCode, useLanguage } from "./language.js";

/** With the operators' pages, not with the first look: a language is a line here as in `language.tsx`. */
const LANGUAGES: Readonly<Record<LanguageCode, DeskMessages>> = { en: english, pt: portuguese };

/** What the operators' pages say, in the language of the pages. */
export function useDeskMessages(): DeskMessages {
  return LANGUAGES[useLanguage().code];
}
