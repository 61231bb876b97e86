import { defineProcessor } from "@drover/processor-sdk";
import { paramsSchema } from "./review-params.js";

/** Reviews a text for spelling, grammar-like mistakes and style. See docs/text-review.md. */
export const textReview = defineProcessor({
  name: "text-review",
  version: "1.0.0",
  description:
    "Reviews a text (plain, Markdown or DOCX; English or Portuguese) for spelling, grammar and style: " +
    "suggestions as JSON, and the annotated text as HTML.",
  accepts: {
    extensions: [".txt", ".text", ".md", ".markdown", ".docx"],
    mediaTypes: [
      "text/plain",
      "text/markdown",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ],
  },
  limits: {
    timeoutMs: 60 * 60_000,
    maxRssBytes: 1024 * 1024 ** 2,
    maxInputBytes: 100 * 1024 ** 2,
    maxAttempts: 2,
  },
  params: paramsSchema,
  // Libraries and dictionary stay in memory, 50 MiB, once they are loaded.
  isolation: "fresh",
  // The libraries are loaded by the child that runs a review, not by the worker that reads this definition.
  run: async (context) => (await import("./review-text.js")).reviewText(context),
});

export default textReview;
