import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Context } from "@drover/processor-sdk";
import { chooseLanguage } from "./language.js";
import { annotatedParagraph, unreviewedText } from "./page/annotated-paragraph.js";
import { pageEnd, pageStart } from "./page/review-page.js";
import { markdownParagraphs } from "./reading/markdown-paragraphs.js";
import { paragraphsOf } from "./reading/paragraphs.js";
import { type ReviewedText, readReviewedText } from "./reading/reviewed-text.js";
import { paragraphReviewer, type ReviewerOptions, type Suggestion } from "./review-paragraph.js";
import type { Params } from "./review-params.js";
import { SuggestionLedger, type Summary } from "./review-summary.js";
import { tongueOf } from "./rules/rule-names.js";

/** What the job's result and `suggestions.json` hold; the result as many suggestions as fit into it. */
export interface Review {
  readonly suggestions: readonly Suggestion[];
  readonly summary: Summary;
}

/**
 * Reviews the input paragraph by paragraph, and writes `text.txt`, the text that all offsets mean,
 * `suggestions.json` and `review.html`. The same input and params give the same bytes.
 */
export async function reviewText(context: Context<Params>): Promise<Review> {
  const { input, params, signal } = context;
  context.progress(0, { stage: "read" });
  const source = await readReviewedText(input, signal);
  await pipeline([source.text], context.artifact("text.txt", { mediaType: "text/plain; charset=utf-8" }));
  const { language, dictionary } = await chooseLanguage(params.language, source.text);
  const ledger = new SuggestionLedger(params.max_suggestions);
  const summarize = (): Summary =>
    ledger.summary({
      language,
      language_detected: params.language === "auto",
      format: source.format,
      encoding: source.encoding,
      characters: source.text.length,
    });

  // The head of the page has the numbers, which are known last.
  const bodyPath = join(context.scratch, "body.html");
  const body = await open(bodyPath, "w");
  try {
    const reviewing = { context, source, ledger, body, language, dictionary };
    await pipeline(suggestionsJson(reviewing, summarize), context.artifact("suggestions.json"));
  } finally {
    await body.close();
  }
  const summary = summarize();
  const page = context.artifact("review.html", { mediaType: "text/html; charset=utf-8", isPrimary: true });
  await pipeline(pageParts({ filename: input.filename, summary, bodyPath }), page);
  return { suggestions: ledger.shown, summary };
}

interface Reviewing extends Pick<ReviewerOptions, "language" | "dictionary"> {
  readonly context: Context<Params>;
  readonly source: ReviewedText;
  readonly ledger: SuggestionLedger;
  /** Gets the paragraphs of the page. */
  readonly body: FileHandle;
}

async function* suggestionsJson(reviewing: Reviewing, summarize: () => Summary): AsyncGenerator<string> {
  let separator = '{"suggestions":[\n';
  for await (const suggestion of suggestionsIn(reviewing)) {
    yield separator + JSON.stringify(suggestion);
    separator = ",\n";
  }
  if (separator !== ",\n") yield separator;
  yield `\n],"summary":${JSON.stringify(summarize())}}\n`;
}

async function* suggestionsIn(reviewing: Reviewing): AsyncGenerator<Suggestion> {
  const { context, source, ledger, body, language, dictionary } = reviewing;
  const { text } = source;
  const review = paragraphReviewer(text, { params: context.params, language, dictionary });
  let at = 0;
  for (const paragraph of source.format === "markdown" ? markdownParagraphs(text) : paragraphsOf(text)) {
    await nextTurn(); // so that a cancel is heard
    context.signal.throwIfAborted();
    const suggestions = ledger.add(await review(paragraph));
    const { start } = paragraph;
    const end = start + paragraph.text.length;
    const original = text.slice(start, end);
    const between = text.slice(at, start);
    await body.write(
      annotatedParagraph({ between, original, start, suggestions, tongue: tongueOf(language) }),
    );
    at = end;
    context.progress((100 * end) / text.length, { stage: "review" });
    yield* suggestions;
  }
  await body.write(unreviewedText(text.slice(at)));
}

interface Page {
  readonly filename: string;
  readonly summary: Summary;
  readonly bodyPath: string;
}

async function* pageParts({ bodyPath, ...head }: Page): AsyncGenerator<string | Uint8Array> {
  yield pageStart(head);
  yield* createReadStream(bodyPath);
  yield pageEnd();
}
