import type { Rule, Severity, Tongue } from "../rules/rule-names.js";

/** The words of the page, in the language of the text. */
export interface PageWords {
  readonly title: string;
  readonly words: string;
  readonly sentences: string;
  readonly wordsPerSentence: string;
  readonly suggestions: string;
  readonly language: string;
  readonly none: string;
  readonly notShown: (count: number) => string;
  readonly text: string;
  readonly replaceBy: string;
  readonly severities: Readonly<Record<Severity, string>>;
  readonly rules: Readonly<Record<Rule, string>>;
}

export const PAGE_WORDS: Readonly<Record<Tongue, PageWords>> = {
  en: {
    title: "Text review",
    words: "words",
    sentences: "sentences",
    wordsPerSentence: "words per sentence",
    suggestions: "suggestions",
    language: "language",
    none: "Nothing to suggest.",
    notShown: (count) =>
      `${count} further suggestions are counted, but not marked: see the param max_suggestions.`,
    text: "Reviewed text",
    replaceBy: "Write:",
    severities: { error: "Error", warning: "Warning", info: "Note" },
    rules: {
      term: "Your term",
      grammar: "Grammar",
      "repeated-word": "Repeated word",
      "indefinite-article": "Article",
      contraction: "Contraction",
      "redundant-acronym": "Redundant acronym",
      punctuation: "Punctuation",
      "sensitive-term": "Sensitive term",
      "absolute-term": "Absolute term",
      wordy: "Wordy",
      spelling: "Spelling",
      passive: "Passive voice",
      readability: "Readability",
    },
  },
  pt: {
    title: "Revisão de texto",
    words: "palavras",
    sentences: "frases",
    wordsPerSentence: "palavras por frase",
    suggestions: "sugestões",
    language: "língua",
    none: "Nada a sugerir.",
    notShown: (count) =>
      `Mais ${count} sugestões estão contadas, mas não marcadas: veja o parâmetro max_suggestions.`,
    text: "Texto revisto",
    replaceBy: "Escreva:",
    severities: { error: "Erro", warning: "Aviso", info: "Nota" },
    rules: {
      term: "Termo seu",
      grammar: "Gramática",
      "repeated-word": "Palavra repetida",
      "indefinite-article": "Artigo",
      contraction: "Contração",
      "redundant-acronym": "Sigla redundante",
      punctuation: "Pontuação",
      "sensitive-term": "Termo sensível",
      "absolute-term": "Termo absoluto",
      wordy: "Prolixo",
      spelling: "Ortografia",
      passive: "Voz passiva",
      readability: "Legibilidade",
    },
  },
};
