import { type RunReport, runProcessor } from "@drover/processor-sdk/testing";
import { expect } from "vitest";
import { textReview } from "../src/index.js";
import type { Review } from "../src/review-text.js";

export interface ReviewRun extends RunReport {
  readonly review: Review;
  /** What `suggestions.json` holds. */
  readonly all: Review;
  /** `text.txt`: what the offsets mean. */
  readonly text: string;
  readonly page: string;
}

export interface ReviewInput {
  readonly params?: object;
  readonly filename?: string;
  readonly signal?: AbortSignal;
}

/** Reviews a text, by default a plain one. */
export async function runReview(
  input: string | Uint8Array,
  { params = {}, filename = "essay.txt", ...options }: ReviewInput = {},
): Promise<ReviewRun> {
  const report = await runProcessor(textReview, { input, filename, params, ...options });
  const artifact = (name: string): string => report.artifacts.get(name)?.toString() ?? "";
  return {
    ...report,
    review: report.result as Review,
    all: JSON.parse(artifact("suggestions.json")) as Review,
    text: artifact("text.txt"),
    page: artifact("review.html"),
  };
}

/** `rule: original → replacement` of each suggestion. */
export function found({ all }: ReviewRun): readonly string[] {
  return all.suggestions.map(
    (s) => `${s.rule}: ${s.original}${s.replacement === null ? "" : ` → ${s.replacement}`}`,
  );
}

/** Every suggestion quotes the text that lies at its offsets. */
export function expectOffsets({ all, text }: ReviewRun): void {
  for (const { start, end, original } of all.suggestions) expect(text.slice(start, end)).toBe(original);
}

/** The message of the refusal, which must be for the person who uploaded the file. */
export async function refusalOf(input: string | Uint8Array, options: ReviewInput = {}): Promise<string> {
  const error = await runReview(input, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "InputInvalidError" });
  const message = error instanceof Error ? error.message : "";
  expect(message).toMatch(/\.$/);
  return message;
}
