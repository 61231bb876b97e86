import { PASSIVE } from "./passive-voice.js";
import { type Finding, type Rule, SEVERITY, type Tongue } from "./rule-names.js";
import { sentenceFor } from "./rule-sentences.js";

interface Pattern {
  readonly rule: Rule;
  readonly pattern: RegExp;
  /** What to write instead of a match; `null` for nothing. */
  readonly replace: (match: string) => string | null;
}

const PUNCTUATION: readonly Pattern[] = [
  // " ," but not " ..." and not " .5"
  {
    rule: "punctuation",
    pattern: /(?<=[\p{L}\p{N})”"])[ \t]+[,;.!?](?=\s|$)/gu,
    replace: (match) => match.trim(),
  },
  {
    rule: "punctuation",
    pattern: /,{2,}|;{2,}|(?<!\.)\.\.(?!\.)(?=\s|$)/g,
    replace: (match) => match.charAt(0),
  },
];

/** What can be found by the letters alone: punctuation and the passive voice. */
export function patternRules(rules: readonly Rule[], tongue: Tongue): (text: string) => Finding[] {
  const passive: Pattern = { rule: "passive", pattern: PASSIVE[tongue], replace: () => null };
  const patterns = [...PUNCTUATION, passive].filter(({ rule }) => rules.includes(rule));
  return (text) =>
    patterns.flatMap(({ rule, pattern, replace }) =>
      [...text.matchAll(pattern)].map(({ 0: original, index }) => {
        const replacement = replace(original);
        const proposals = replacement === null ? [] : [replacement];
        return {
          rule,
          severity: SEVERITY[rule],
          start: index,
          end: index + original.length,
          text: sentenceFor(tongue, { rule, original, proposals }),
          replacement,
        };
      }),
    );
}
