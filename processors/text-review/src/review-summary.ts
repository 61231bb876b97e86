import type { ReviewedText } from "./reading/reviewed-text.js";
import type { ReviewedParagraph, Suggestion } from "./review-paragraph.js";
import type { Language, Rule, Severity } from "./rules/rule-names.js";

/** What the suggestions of a job's result may take, as JSON in UTF-8: the whole result is at most 64 KiB. */
const SHOWN_BYTES = 60 * 1024;

/** The review in numbers. */
export interface Summary {
  readonly language: Language;
  /** Whether it was detected, not asked for. */
  readonly language_detected: boolean;
  readonly format: ReviewedText["format"];
  readonly encoding: ReviewedText["encoding"];
  /** Length of the reviewed text, in UTF-16 code units. */
  readonly characters: number;
  readonly words: number;
  readonly sentences: number;
  /** To one decimal; 0 without sentences. */
  readonly words_per_sentence: number;
  readonly suggestions_total: number;
  /** How many the artifacts hold, from the start of the text. */
  readonly suggestions_kept: number;
  /** How many the job's result holds, from the start of the text. */
  readonly suggestions_shown: number;
  readonly by_severity: Readonly<Partial<Record<Severity, number>>>;
  readonly by_rule: Readonly<Partial<Record<Rule, number>>>;
}

type Known = Pick<Summary, "language" | "language_detected" | "format" | "encoding" | "characters">;

/** Numbers the suggestions in the order of the text, counts them, and keeps as many as are wanted. */
export class SuggestionLedger {
  /** What the job's result holds. */
  readonly shown: Suggestion[] = [];
  readonly #maxKept: number;
  readonly #byRule = new Map<Rule, number>();
  readonly #bySeverity = new Map<Severity, number>();
  #words = 0;
  #sentences = 0;
  #total = 0;
  #kept = 0;
  #shownBytes = 0;
  #isFull = false;

  constructor(maxKept: number) {
    this.#maxKept = maxKept;
  }

  /** Returns those that are kept, with their ids. */
  add({ suggestions, words, sentences }: ReviewedParagraph): readonly Suggestion[] {
    this.#words += words;
    this.#sentences += sentences;
    const kept: Suggestion[] = [];
    for (const found of suggestions) {
      this.#total++;
      this.#byRule.set(found.rule, (this.#byRule.get(found.rule) ?? 0) + 1);
      this.#bySeverity.set(found.severity, (this.#bySeverity.get(found.severity) ?? 0) + 1);
      if (this.#kept === this.#maxKept) continue;
      const suggestion = { id: `s${++this.#kept}`, ...found };
      kept.push(suggestion);
      this.#show(suggestion);
    }
    return kept;
  }

  summary(known: Known): Summary {
    const perSentence = this.#sentences === 0 ? 0 : this.#words / this.#sentences;
    return {
      ...known,
      words: this.#words,
      sentences: this.#sentences,
      words_per_sentence: Math.round(10 * perSentence) / 10,
      suggestions_total: this.#total,
      suggestions_kept: this.#kept,
      suggestions_shown: this.shown.length,
      by_severity: Object.fromEntries([...this.#bySeverity].toSorted()),
      by_rule: Object.fromEntries([...this.#byRule].toSorted()),
    };
  }

  /** The first that does not fit ends the list: it has no gaps. */
  #show(suggestion: Suggestion): void {
    this.#shownBytes += Buffer.byteLength(JSON.stringify(suggestion)) + 1;
    this.#isFull ||= this.#shownBytes > SHOWN_BYTES;
    if (!this.#isFull) this.shown.push(suggestion);
  }
}
