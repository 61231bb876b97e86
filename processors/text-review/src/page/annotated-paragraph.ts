import type { Suggestion } from "../review-paragraph.js";
import { SEVERITIES, type Tongue } from "../rules/rule-names.js";
import { escapeHtml } from "./escape-html.js";
import { PAGE_WORDS } from "./page-words.js";

export interface Annotated {
  /** The text since the last paragraph: white space, and in Markdown what is not reviewed. */
  readonly between: string;
  /** The paragraph as it stands in the text. */
  readonly original: string;
  /** Its offset in the text. */
  readonly start: number;
  /** By their start; they may overlap. */
  readonly suggestions: readonly Suggestion[];
  readonly tongue: Tongue;
}

/** A paragraph with marks and numbers, and its notes beside it. */
export function annotatedParagraph({ between, original, start, suggestions, tongue }: Annotated): string {
  const lineStart = Math.max(between.lastIndexOf("\n"), between.lastIndexOf("\r")) + 1;
  const lead = between.slice(lineStart);
  const before = lead.trim() === "" ? "" : `<span class="lead">${escapeHtml(lead)}</span>`;
  const notes = suggestions.map((suggestion) => note(suggestion, tongue)).join("");
  return (
    unreviewedText(between.slice(0, lineStart)) +
    `<div class="row"><p>${before}${marked(original, start, suggestions)}</p>` +
    `${notes && `<ol>${notes}</ol>`}</div>\n`
  );
}

/** What is in the text and not reviewed, as code in Markdown; nothing for white space and signs alone. */
export function unreviewedText(text: string): string {
  const lines = text.replace(/^[^\p{L}\p{N}\n]*\n/u, "").trimEnd();
  return /[\p{L}\p{N}]/u.test(lines) ? `<pre>${escapeHtml(lines)}</pre>\n` : "";
}

/** Cuts the text where a suggestion begins or ends, so that marks never nest. */
function marked(original: string, start: number, suggestions: readonly Suggestion[]): string {
  if (suggestions.length === 0) return escapeHtml(original);
  const edges = suggestions.flatMap((suggestion) => [suggestion.start - start, suggestion.end - start]);
  const cuts = [...new Set([0, ...edges, original.length])].toSorted((a, b) => a - b);
  let html = "";
  for (const [i, from] of cuts.entries()) {
    const until = cuts[i + 1] ?? from;
    const here = suggestions.filter((s) => s.start - start <= from && until <= s.end - start && from < until);
    html += segment(original.slice(from, until), here);
    html += suggestions
      .filter((s) => s.end - start === until && from < until)
      .map(reference)
      .join("");
  }
  return html;
}

function segment(text: string, suggestions: readonly Suggestion[]): string {
  if (suggestions.length === 0) return escapeHtml(text);
  const gravest = SEVERITIES.find((severity) => suggestions.some((s) => s.severity === severity)) ?? "info";
  const title = suggestions.map((suggestion) => suggestion.text).join(" ");
  return `<mark class="${gravest}" title="${escapeHtml(title)}">${escapeHtml(text)}</mark>`;
}

function reference({ id }: Suggestion): string {
  return `<sup><a id="m-${id}" href="#${id}">${id.slice(1)}</a></sup>`;
}

function note({ id, severity, rule, text, replacement }: Suggestion, tongue: Tongue): string {
  const words = PAGE_WORDS[tongue];
  const better =
    replacement === null || text.includes(replacement)
      ? ""
      : ` ${words.replaceBy} <bdi>${escapeHtml(replacement)}</bdi>`;
  return (
    `<li id="${id}" class="${severity}" value="${id.slice(1)}"><a href="#m-${id}">` +
    `<b>${words.severities[severity]}</b> · ` +
    `${words.rules[rule]}:</a> <bdi>${escapeHtml(text)}</bdi>${better}</li>`
  );
}
