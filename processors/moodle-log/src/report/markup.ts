/** Markup that is ready to be sent: what `markup` made, with all texts in it escaped. */
export class Markup {
  readonly source: string;

  /** For `markup` and for files of this package; anything else has to be escaped. */
  constructor(source: string) {
    this.source = source;
  }
}

/** What can stand in a template: texts are escaped, `false` and `undefined` leave nothing. */
export type Part = Markup | string | number | false | undefined | readonly Part[];

/**
 * HTML or SVG from a template. Whatever stands in it is escaped unless it is `Markup` already, so that a text of
 * the log is never taken for markup. Values of attributes stand between double quotes.
 */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...parts.map(sourceOf)));
}

function sourceOf(part: Part): string {
  if (part instanceof Markup) return part.source;
  if (part === false || part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return part.map(sourceOf).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** Characters without a picture, and those that turn the direction of what follows. */
const INVISIBLE = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;
const LONGEST = 160;

/** The references that Moodle leaves in the names of activities when it exports them. */
const REFERENCES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ESCAPES).map(([character, reference]) => [reference, character]),
);

/** A text of the log as a page shows it: one line, of bounded length, that cannot turn what stands around it. */
export function plain(text: string): string {
  const read = text.replace(/&(?:amp|lt|gt|quot|#39);/g, (reference) => REFERENCES[reference] ?? reference);
  const line = read.replace(/\s+/g, " ").replace(INVISIBLE, "").trim();
  const characters = [...line.slice(0, 2 * LONGEST)];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join("")}…` : line;
}

/** A text of the log within a sentence or a cell: its direction is its own. */
export function own(text: string): Markup {
  return markup`<bdi>${plain(text)}</bdi>`;
}
