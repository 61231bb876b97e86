import type { Rule, Tongue } from "./rule-names.js";

/** What a sentence is about. */
export interface Case {
  readonly rule: Rule;
  readonly original: string;
  /** What could stand instead, the best first; may be empty. */
  readonly proposals: readonly string[];
}

/** The sentence that tells a person, in the language of the text, what is wrong and what to do. */
export function sentenceFor(tongue: Tongue, { rule, original, proposals }: Case): string {
  return SENTENCES[tongue][rule](quoted(shortened(original)), listed(proposals, tongue));
}

/** `proposals` is a list of quoted texts, or empty. */
type Sentence = (original: string, proposals: string) => string;

const SENTENCES: Readonly<Record<Tongue, Readonly<Record<Rule, Sentence>>>> = {
  en: {
    term: (it, better) => `${it} is on your list of terms.${better && ` Write ${better}.`}`,
    grammar: (it, better) => (better ? `Write ${better}, not ${it}.` : `${it} is not right here.`),
    "repeated-word": (it) => `${it} repeats a word.`,
    "indefinite-article": (it, better) =>
      `Write ${better} here, not ${it}: what counts is the sound that follows.`,
    contraction: (it, better) => `The apostrophe of ${it} is missing or misplaced: write ${better}.`,
    "redundant-acronym": (it, better) =>
      `The last word of ${it} is in the acronym already: ${better} is enough.`,
    punctuation: (_it, better) => `The spacing or the sign is wrong here: write ${better}.`,
    "sensitive-term": (it, better) => `${it} may hurt or exclude people.${better && ` Consider ${better}.`}`,
    "absolute-term": (it) => `${it} allows no exception. Is it true of every case?`,
    wordy: (it, better) => (better ? `${it} can be shorter: ${better}.` : `${it} can be left out.`),
    spelling: (it, better) => `${it} is not in the dictionary.${better && ` Did you mean ${better}?`}`,
    passive: (it) => `${it} is in the passive voice. If it matters who acts, name them.`,
    readability: () => "This sentence is hard to read. Shorter sentences and simpler words help.",
  },
  pt: {
    term: (it, better) => `${it} está na sua lista de termos.${better && ` Escreva ${better}.`}`,
    grammar: (it, better) => (better ? `Escreva ${better}, e não ${it}.` : `${it} não está correto aqui.`),
    "repeated-word": (it) => `${it} repete uma palavra.`,
    "indefinite-article": (it) => `${it} não está correto aqui.`,
    contraction: (it) => `${it} não está correto aqui.`,
    "redundant-acronym": (it) => `${it} repete o que a sigla já diz.`,
    punctuation: (_it, better) => `O espaço ou o sinal está errado aqui: escreva ${better}.`,
    "sensitive-term": (it, better) =>
      `${it} pode ofender ou excluir pessoas.${better && ` Considere ${better}.`}`,
    "absolute-term": (it) => `${it} não admite exceção. É verdade em todos os casos?`,
    wordy: (it, better) => (better ? `${it} pode ser mais curto: ${better}.` : `${it} pode ser omitido.`),
    spelling: (it, better) => `${it} não está no dicionário.${better && ` Queria dizer ${better}?`}`,
    passive: (it) => `${it} está na voz passiva. Se importa quem age, diga quem foi.`,
    readability: () => "Esta frase é difícil de ler. Frases mais curtas e palavras mais simples ajudam.",
  },
};

function listed(proposals: readonly string[], tongue: Tongue): string {
  const shown = proposals.slice(0, 3).map(quoted);
  const last = shown.pop();
  if (last === undefined) return "";
  return shown.length === 0 ? last : `${shown.join(", ")} ${tongue === "en" ? "or" : "ou"} ${last}`;
}

function quoted(text: string): string {
  return `“${text}”`;
}

function shortened(text: string): string {
  const oneLine = text.replace(/\s+/g, " ").trim();
  return oneLine.length <= 60 ? oneLine : `${oneLine.slice(0, 59).replace(/[\ud800-\udbff]$/, "")}…`;
}
