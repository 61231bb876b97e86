import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Context } from "@drover/processor-sdk";
import { chooseLanguage } from "./language.js";
import { annotatedParagraph } from "./page/annotated-paragraph.js";
import { pageEnd, pageStart } from "./page/review-page.js";
import { markdownParagraphs } from "./reading/markdown-paragraphs.js";
import { paragraphsOf } from "./reading/paragraphs.js";
import { type ReviewedText, readReviewedText } from "./reading/reviewed-text.js";
import { paragraphReviewer, type Suggestion } from "./review-paragraph.js";
import type { Params } from "./review-params.js";
import { SuggestionLedger, type Summary } from "./review-summary.js";
import { tongueOf } from "./rules/rule-names.js";

/** What the job's result and `suggestions.json` hold; the result as many suggestions as fit into it. */
export interface Review {
  readonly suggestions: readonly Suggestion[];
  readonly summary: Summary;
}

/**
 * Reviews the input paragraph by paragraph, and writes `suggestions.json`, `review.html` and `text.txt`, the
 * text that all offsets mean. The same input and params give the same bytes.
 */
export async function reviewText(context: Context<Params>): Promise<Review> {
  const { input, params, signal } = context;
  context.progress(0, { stage: "read" });
  const reviewed = await readReviewedText(input, signal);
  const { text, format, encoding } = reviewed;
  await written(context.artifact("text.txt", { mediaType: "text/plain; charset=utf-8" }), text);
  const { language, dictionary } = await chooseLanguage(params.language, text);
  const review = paragraphReviewer(text, { params, language, dictionary });
  const ledger = new SuggestionLedger(params.max_suggestions);

  const list = context.artifact("suggestions.json");
  const bodyPath = join(context.scratch, "body.html");
  const body = createWriteStream(bodyPath, { signal });
  await write(list, '{"suggestions":[');
  let at = 0;
  let count = 0;
  for (const paragraph of paragraphsIn(reviewed)) {
    signal.throwIfAborted();
    const suggestions = ledger.add(await review(paragraph));
    for (const suggestion of suggestions)
      await write(list, `${count++ ? ",\n" : "\n"}${JSON.stringify(suggestion)}`);
    const end = paragraph.start + paragraph.text.length;
    const between = text.slice(at, paragraph.start);
    const original = text.slice(paragraph.start, end);
    const tongue = tongueOf(language);
    await write(body, annotatedParagraph({ between, original, start: paragraph.start, suggestions, tongue }));
    at = end;
    context.progress((100 * end) / text.length, { stage: "review" });
    await nextTurn(); // so that a cancel is heard
  }
  await write(
    body,
    annotatedParagraph({
      between: text.slice(at),
      original: "",
      start: at,
      suggestions: [],
      tongue: tongueOf(language),
    }),
  );
  await written(body, "");
  const summary = ledger.summary({
    language,
    language_detected: params.language === "auto",
    format,
    encoding,
    characters: text.length,
  });
  await written(list, `\n],"summary":${JSON.stringify(summary)}}\n`);
  const page = context.artifact("review.html", { mediaType: "text/html; charset=utf-8", isPrimary: true });
  await write(page, pageStart({ filename: input.filename, summary }));
  await pipeline(createReadStream(bodyPath), page, { end: false, signal });
  await written(page, pageEnd());
  return { suggestions: ledger.shown, summary };
}

function paragraphsIn({ format, text }: ReviewedText) {
  return format === "markdown" ? markdownParagraphs(text) : paragraphsOf(text);
}

async function write(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, "drain");
}

async function written(stream: Writable, text: string): Promise<void> {
  stream.end(text);
  await finished(stream);
}
