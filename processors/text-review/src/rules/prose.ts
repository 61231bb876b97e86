import retextContractions from "retext-contractions";
import retextEnglish from "retext-english";
import retextEquality from "retext-equality";
import retextIndefiniteArticle from "retext-indefinite-article";
import retextLatin from "retext-latin";
import retextReadability from "retext-readability";
import retextRedundantAcronyms from "retext-redundant-acronyms";
import retextRepeatedWords from "retext-repeated-words";
import { unified } from "unified";
import { VFile } from "vfile";
import { HARMLESS_WORDS } from "./harmless-words.js";
import { type Finding, type Rule, SEVERITY, type Tongue } from "./rule-names.js";
import { sentenceFor } from "./rule-sentences.js";

/** Where a part of a paragraph lies, in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface ParsedSentence extends Span {
  readonly words: readonly Span[];
}

export interface Prose {
  readonly findings: readonly Finding[];
  readonly sentences: readonly ParsedSentence[];
}

/** Reads paragraphs with retext: into sentences and words, and with those of its rules that are on. */
export function proseReader(rules: readonly Rule[], tongue: Tongue): (text: string) => Promise<Prose> {
  const isOn = (rule: Rule): boolean => rules.includes(rule);
  const processor = tongue === "en" ? unified().use(retextEnglish) : unified().use(retextLatin);
  if (isOn("repeated-word")) processor.use(retextRepeatedWords);
  if (tongue === "en") {
    if (isOn("indefinite-article")) processor.use(retextIndefiniteArticle);
    if (isOn("contraction")) processor.use(retextContractions, { allowLiterals: true, straight: true });
    if (isOn("redundant-acronym")) processor.use(retextRedundantAcronyms);
    if (isOn("sensitive-term")) processor.use(retextEquality, { ignore: HARMLESS_WORDS });
    if (isOn("readability")) processor.use(retextReadability, { age: 18, threshold: 5 / 7, minWords: 12 });
  }
  processor.freeze();
  return async (text) => {
    const file = new VFile(text);
    const tree = processor.parse(file);
    await processor.run(tree, file);
    return {
      findings: file.messages.flatMap((m) => findingOf(m, text, tongue)),
      sentences: sentencesOf(tree),
    };
  };
}

const RULE_OF: Readonly<Record<string, Rule>> = {
  "retext-repeated-words": "repeated-word",
  "retext-indefinite-article": "indefinite-article",
  "retext-contractions": "contraction",
  "retext-redundant-acronyms": "redundant-acronym",
  "retext-equality": "sensitive-term",
  "retext-readability": "readability",
};

function findingOf(message: VFile["messages"][number], text: string, tongue: Tongue): readonly Finding[] {
  const rule = RULE_OF[message.source ?? ""];
  const place = message.place;
  if (rule === undefined || place === undefined || !("start" in place)) return [];
  const { offset: start } = place.start;
  const { offset: end } = place.end;
  if (start === undefined || end === undefined) return [];
  const proposals = rule === "repeated-word" ? [firstWord(text.slice(start, end))] : (message.expected ?? []);
  const sentence = sentenceFor(tongue, { rule, original: text.slice(start, end), proposals });
  // Of several words for people none is surely meant.
  const isClear = rule !== "sensitive-term" || proposals.length === 1;
  const replacement = isClear ? (proposals[0] ?? null) : null;
  return [{ rule, severity: SEVERITY[rule], start, end, text: sentence, replacement }];
}

function firstWord(text: string): string {
  return text.split(/\s/, 1)[0] ?? text;
}

interface Node {
  readonly type: string;
  readonly children?: readonly Node[];
  readonly position?:
    | { readonly start: { offset?: number | undefined }; readonly end: { offset?: number | undefined } }
    | undefined;
}

/** The tree is never deep: root, paragraphs, sentences, words. */
function sentencesOf(node: Node): readonly ParsedSentence[] {
  const children = node.children ?? [];
  if (node.type !== "SentenceNode") return children.flatMap(sentencesOf);
  return [{ ...spanOf(node), words: children.filter(({ type }) => type === "WordNode").map(spanOf) }];
}

function spanOf({ position }: Node): Span {
  return { start: position?.start.offset ?? 0, end: position?.end.offset ?? 0 };
}
