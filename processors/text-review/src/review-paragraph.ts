import type { Paragraph } from "./reading/paragraphs.js";
import type { Params } from "./review-params.js";
import type { Dictionary } from "./rules/dictionary.js";
import { patternRules } from "./rules/pattern-rules.js";
import { hardSentences } from "./rules/portuguese-readability.js";
import { proseReader } from "./rules/prose.js";
import {
  type Finding,
  type Language,
  RULES,
  type Rule,
  type Severity,
  tongueOf,
} from "./rules/rule-names.js";
import { misspellings } from "./rules/spelling-rule.js";
import { termRules } from "./rules/term-rules.js";

/** Longest text that a suggestion marks, in UTF-16 code units: of a long sentence its beginning. */
const MAX_ORIGINAL = 300;

/** One place in the text, as clients get it. */
export interface Suggestion {
  /** `s1`, `s2`, … in the order of the text. */
  readonly id: string;
  /** The sentence for the person, in the language of the text. */
  readonly text: string;
  readonly rule: Rule;
  /** Offsets in the reviewed text, in UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** What stands there: `text.slice(start, end)` of the reviewed text. */
  readonly original: string;
  /** What to write there instead; `null` when nothing is proposed. */
  readonly replacement: string | null;
  readonly severity: Severity;
}

export interface ReviewedParagraph {
  /** By their start; without ids. */
  readonly suggestions: readonly Omit<Suggestion, "id">[];
  readonly words: number;
  readonly sentences: number;
}

export interface ReviewerOptions {
  readonly params: Pick<Params, "rules" | "terms" | "ignore">;
  readonly language: Language;
  readonly dictionary: Dictionary;
}

/** Reviews one paragraph after the other of `source`, the whole text. */
export function paragraphReviewer(source: string, { params, language, dictionary }: ReviewerOptions) {
  const tongue = tongueOf(language);
  const { rules } = params;
  const readProse = proseReader(rules, tongue);
  const findTerms = termRules(params, tongue);
  const findPatterns = patternRules(rules, tongue);
  const ignored = new Set(params.ignore.map((word) => word.toLowerCase().normalize("NFC")));
  const spelling = { dictionary, tongue, ignored };

  return async ({ start, text }: Paragraph): Promise<ReviewedParagraph> => {
    const { findings, sentences } = await readProse(text);
    const words = sentences.flatMap((sentence) => sentence.words);
    const all = [
      ...findings,
      ...findTerms(text),
      ...findPatterns(text),
      ...(rules.includes("spelling") ? misspellings(text, words, spelling) : []),
      ...(tongue === "pt" && rules.includes("readability") ? hardSentences(text, sentences) : []),
    ];
    const suggestions = withoutRivals(all).flatMap((finding) => inSource(finding, { start, text, source }));
    return { suggestions, words: words.length, sentences: sentences.length };
  };
}

/**
 * In the order of the text. Of several findings at the same place, or of a spelling inside of what a more
 * certain rule corrects, one is kept: the first by `RULES`.
 */
function withoutRivals(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({ rule }: Finding): number => RULES.indexOf(rule);
  const sorted = findings.toSorted((a, b) => a.start - b.start || b.end - a.end || rank(a) - rank(b));
  const corrected = sorted.filter(({ rule, replacement }) => rule !== "spelling" && replacement !== null);
  return sorted.filter((finding, i) => {
    const before = sorted[i - 1];
    if (before?.start === finding.start && before.end === finding.end) return false;
    const isInside = (other: Finding) => other.start <= finding.start && finding.end <= other.end;
    return finding.rule !== "spelling" || !corrected.some(isInside);
  });
}

interface Place extends Paragraph {
  readonly source: string;
}

/** What stands in the source; where signs of Markdown lie between the words, nothing is proposed. */
function inSource(finding: Finding, { start, text, source }: Place): readonly Omit<Suggestion, "id">[] {
  const end = Math.min(finding.end, wholeCharacters(text, finding.start + MAX_ORIGINAL));
  const original = source.slice(start + finding.start, start + end);
  const isPlain = original === text.slice(finding.start, end);
  if (!isPlain && finding.rule === "punctuation") return [];
  return [
    {
      text: finding.text,
      rule: finding.rule,
      start: start + finding.start,
      end: start + end,
      original,
      replacement: isPlain ? finding.replacement : null,
      severity: finding.severity,
    },
  ];
}

/** Does not end within a surrogate pair. */
function wholeCharacters(text: string, end: number): number {
  return /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end - 1 : end;
}
