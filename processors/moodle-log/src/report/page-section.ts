import { type Markup, markup, type Part } from "./markup.js";

/** A part of the report: what it is about, what was found, and what shows it. */
export interface PageSection {
  /** Unique in the page. */
  readonly id: string;
  readonly topic: string;
  readonly finding: Part;
  readonly body: Part;
}

/** A section under its finding. */
export function sectionMarkup({ id, topic, finding, body }: PageSection): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h"><span class="topic">${topic}</span> ${finding}</h2>
${body}</section>
`;
}
