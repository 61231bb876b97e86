import { readFileSync } from "node:fs";
import type { Params } from "../review-params.js";
import { type Finding, type Rule, SEVERITY, type Severity, type Tongue } from "./rule-names.js";
import { sentenceFor } from "./rule-sentences.js";

/** What a list says of a term: what to write instead, or nothing. */
type TermList = Readonly<Record<string, string | null>>;

interface Term {
  readonly rule: Rule;
  readonly severity: Severity;
  readonly replacement: string | null;
  readonly message?: string | undefined;
}

/** Finds the terms of the lists, and of the caller's own before these. */
export function termRules(
  params: Pick<Params, "terms" | "rules">,
  tongue: Tongue,
): (text: string) => Finding[] {
  const terms = new Map<string, Term>();
  const add = (name: string, term: Term): void => {
    for (const form of [keyOf(name), keyOf(name).normalize("NFC"), keyOf(name).normalize("NFD")]) {
      if (!terms.has(form)) terms.set(form, term);
    }
  };
  for (const { term, message, replacement = null, severity } of params.terms) {
    if (params.rules.includes("term")) add(term, { rule: "term", severity, replacement, message });
  }
  for (const [rule, list] of Object.entries(builtIn(tongue)) as [Rule, TermList][]) {
    if (!params.rules.includes(rule)) continue;
    for (const [term, replacement] of Object.entries(list))
      add(term, { rule, severity: SEVERITY[rule], replacement });
  }
  if (terms.size === 0) return () => [];
  const pattern = patternOf([...terms.keys()]);
  return (text) =>
    [...text.matchAll(pattern)].flatMap(({ 0: original, index }) => {
      const term = terms.get(keyOf(original));
      return term === undefined ? [] : [findingOf({ term, original, index, tongue })];
    });
}

function builtIn(tongue: Tongue): Readonly<Record<string, TermList>> {
  const file = new URL(`../../data/terms-${tongue}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, TermList>>;
}

/** White space and case do not count. */
function keyOf(term: string): string {
  return term.toLowerCase().replaceAll("’", "'").replace(/\s+/g, " ").trim();
}

/** Whole words; the longest of several that begin at one place. */
function patternOf(terms: readonly string[]): RegExp {
  const byLength = terms.toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const sources = byLength.map((term) =>
    term
      .replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
      .replaceAll(" ", "\\s+")
      .replaceAll("'", "['’]"),
  );
  return new RegExp(`(?<![\\p{L}\\p{N}\\p{M}_-])(?:${sources.join("|")})(?![\\p{L}\\p{N}\\p{M}_-])`, "giu");
}

interface Match {
  readonly term: Term;
  readonly original: string;
  readonly index: number;
  readonly tongue: Tongue;
}

function findingOf({ term, original, index, tongue }: Match): Finding {
  const { rule, severity, message } = term;
  const replacement = term.replacement === null ? null : inCaseOf(original, term.replacement);
  const text =
    message ?? sentenceFor(tongue, { rule, original, proposals: replacement === null ? [] : [replacement] });
  return { rule, severity, start: index, end: index + original.length, text, replacement };
}

/** `In order to` gives `To`. */
function inCaseOf(original: string, replacement: string): string {
  const isCapital = /^\p{Lu}/u.test(original) && !/^\p{Lu}{2}/u.test(original);
  return isCapital ? replacement.charAt(0).toUpperCase() + replacement.slice(1) : replacement;
}
