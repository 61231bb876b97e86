import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { messages as english, type Messages } from "./en.js";

/** The languages, each with its own name and its file: a further one is a line here and a file beside. */
const LANGUAGES = {
  en: { name: "English", load: async () => english },
  pt: { name: "Português", load: async () => (await import("./pt.js")).messages },
} as const satisfies Record<string, { name: string; load: () => Promise<Messages> }>;

export type LanguageCode = keyof typeof LANGUAGES;
export const LANGUAGE_NAMES = Object.entries(LANGUAGES).map(([code, { name }]) => ({
  code: code as LanguageCode, // Object.entries widens the keys
  name,
}));

/** A language with all that the pages say in it. */
export interface Language {
  readonly code: LanguageCode;
  /** How its numbers and times are written: as the browser says it, `en-GB`, where that is of this language. */
  readonly locale: string;
  readonly messages: Messages;
}

const STORED = "drover.language";

/** The language that was chosen here before, else the browser's first that there is, else English. */
export async function chooseLanguage(): Promise<Language> {
  const wanted = [localStorage.getItem(STORED) ?? "", ...navigator.languages];
  return loadLanguage(wanted.map((tag) => tag.toLowerCase().split("-")[0] ?? "").find(isKnown) ?? "en");
}

async function loadLanguage(code: LanguageCode): Promise<Language> {
  document.documentElement.lang = code;
  const locale = navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === code) ?? code;
  return { code, locale, messages: await LANGUAGES[code].load() };
}

function isKnown(code: string): code is LanguageCode {
  return Object.hasOwn(LANGUAGES, code);
}

interface Spoken extends Language {
  /** Speaks this one from now on, also after a reload. */
  choose(code: LanguageCode): Promise<void>;
}

const SpokenLanguage = createContext<Spoken | undefined>(undefined);

export function LanguageProvider(props: { readonly initial: Language; readonly children: ReactNode }) {
  const [language, setLanguage] = useState(props.initial);
  const spoken = useMemo<Spoken>(
    () => ({
      ...language,
      async choose(code) {
        localStorage.setItem(STORED, code);
        setLanguage(await loadLanguage(code));
      },
    }),
    [language],
  );
  return <SpokenLanguage value={spoken}>{props.children}</SpokenLanguage>;
}

/** The language of the pages, and what changes it. */
export function useLanguage(): Spoken {
  const spoken = useContext(SpokenLanguage);
  if (spoken === undefined) throw new TypeError("useLanguage is used outside of LanguageProvider.");
  return spoken;
}

/** What the pages say, in the language of the pages. */
export function useMessages(): Messages {
  return useLanguage().messages;
}
