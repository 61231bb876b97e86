import { readFileSync } from "node:fs";

/** The ten columns of Moodle's Logs report, in its order; `course` only in site-level logs. */
export const COLUMNS = [
  "course",
  "time",
  "user_full_name",
  "affected_user",
  "event_context",
  "component",
  "event_name",
  "description",
  "origin",
  "ip_address",
] as const;
export type Column = (typeof COLUMNS)[number];

/** The interface languages whose column headings are known. */
export const LANGUAGES = ["en", "pt-BR", "pt", "es", "fr", "de", "it", "ca", "gl", "eu"] as const;
export type Language = (typeof LANGUAGES)[number];

interface NamesFile {
  readonly headings: Readonly<Record<Language, Readonly<Record<Column, readonly string[]>>>>;
  readonly components: Readonly<Record<string, Readonly<Partial<Record<Language, string>>>>>;
  readonly events: Readonly<Record<string, Readonly<Partial<Record<Language, string>>>>>;
}

/**
 * What Moodle's language packs call columns, components and events: headings by language and column,
 * components by plugin name, events by string id (`forum:eventdiscussionviewed`).
 */
export const NAMES: NamesFile = JSON.parse(
  readFileSync(new URL("../../data/names.json", import.meta.url), "utf8"),
);

/**
 * A name as it is compared: without case, accents, typographic apostrophes, and a colon or full stop at the
 * end.
 */
export function normalName(text: string): string {
  return text
    .replace(/^\ufeff/, "")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[’‘`´]/g, "'")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/\s*[:.]$/, "");
}

/** Which columns a row of headings names, by position, and in which language most of them are. */
export interface RecognisedHeadings {
  readonly columns: readonly (Column | undefined)[];
  readonly language: Language | undefined;
  readonly known: number;
}

/**
 * A heading as it is compared: also without what tools write in place of blanks, so that `Event.context`,
 * `Event_context` and `eventContext` are `Event context`.
 */
export function normalHeading(text: string): string {
  return normalName(text).replace(/[^\p{L}\p{N}]+/gu, "");
}

/** Reads a row of headings. A column named twice counts at its first place. */
export function recogniseHeadings(cells: readonly string[]): RecognisedHeadings {
  const names = cells.map(normalHeading);
  const language = bestLanguage(names);
  const order = language === undefined ? LANGUAGES : [language, ...LANGUAGES.filter((l) => l !== language)];
  const taken = new Set<Column>();
  const columns = names.map((name) => {
    const column = order.map((l) => columnNamed(name, l)).find((c) => c !== undefined);
    if (column === undefined || taken.has(column)) return undefined;
    taken.add(column);
    return column;
  });
  return { columns, language, known: taken.size };
}

function bestLanguage(names: readonly string[]): Language | undefined {
  let best: Language | undefined;
  let most = 1;
  for (const language of LANGUAGES) {
    const hits = new Set(names.map((name) => columnNamed(name, language)).filter((c) => c !== undefined))
      .size;
    if (hits > most) [best, most] = [language, hits];
  }
  return best;
}

const HEADINGS = new Map(
  LANGUAGES.map((language) => [
    language,
    new Map(
      COLUMNS.flatMap((column) => NAMES.headings[language][column].map((n) => [normalHeading(n), column])),
    ),
  ]),
);

function columnNamed(name: string, language: Language): Column | undefined {
  return HEADINGS.get(language)?.get(name);
}
