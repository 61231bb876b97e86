/** All rules, in the order in which one is kept of two that mean the same words. */
export const RULES = [
  "term",
  "grammar",
  "repeated-word",
  "indefinite-article",
  "contraction",
  "redundant-acronym",
  "punctuation",
  "sensitive-term",
  "absolute-term",
  "wordy",
  "spelling",
  "passive",
  "readability",
] as const;

export type Rule = (typeof RULES)[number];

/** The gravest first. */
export const SEVERITIES = ["error", "warning", "info"] as const;

export type Severity = (typeof SEVERITIES)[number];

/** How grave what a built-in rule finds is; a spelling without a correction is a warning. */
export const SEVERITY: Readonly<Record<Rule, Severity>> = {
  term: "warning",
  grammar: "error",
  "repeated-word": "error",
  "indefinite-article": "error",
  contraction: "error",
  "redundant-acronym": "info",
  punctuation: "warning",
  "sensitive-term": "warning",
  "absolute-term": "info",
  wordy: "info",
  spelling: "error",
  passive: "info",
  readability: "info",
};

export const LANGUAGES = ["en", "en-gb", "pt", "pt-br"] as const;

/** `en` is American English, `pt` is European Portuguese. */
export type Language = (typeof LANGUAGES)[number];

export type Tongue = "en" | "pt";

export function tongueOf(language: Language): Tongue {
  return language === "en" || language === "en-gb" ? "en" : "pt";
}

/** What a rule found in a paragraph. */
export interface Finding {
  readonly rule: Rule;
  readonly severity: Severity;
  /** Offsets in the paragraph, in UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** The sentence for the person. */
  readonly text: string;
  /** What to write instead; `null` when the rule proposes nothing. */
  readonly replacement: string | null;
}
