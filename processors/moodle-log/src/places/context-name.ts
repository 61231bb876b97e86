import { moduleOfContext, slug } from "../events/components.js";
import type { ContextSort } from "../kernel/index.js";
import { normalName } from "../reading/headings.js";
import { isCourseWord } from "./courses.js";

/** What contexts of people are called, in the languages whose headings are known. */
const USER_WORDS = new Set(
  [
    ...["User", "Usuário", "Utilizador", "Usuario", "Utilisateur", "Nutzer/in", "Nutzer", "Benutzer/in"],
    ...["Utente", "Usuari", "Usuària", "Erabiltzailea"],
  ].map(normalName),
);

/** A context in its two parts; the first is empty where there is no colon. */
export interface ContextName {
  readonly type: string;
  readonly name: string;
}

/** Splits a context, as `Quiz: Midterm`. */
export function contextName(context: string): ContextName {
  const match = /^([^:]{1,60}?)\s?:\s*(.+)$/s.exec(context);
  return match === null ? { type: "", name: context } : { type: match[1] ?? "", name: match[2] ?? "" };
}

/** A type of contexts: where they are, and the word itself in lower case with hyphens. */
export interface ContextType {
  readonly sort: ContextSort;
  readonly slug: string;
}

const NO_TYPE: ContextType = { sort: "other", slug: "" };
const MOST_WORDS = 1000;
const TYPES = new Map<string, ContextType>();

/**
 * What the first part of a context tells: whether it is in a course module, a course, somebody's profile, or
 * elsewhere. A log has few such words and many contexts, so that they are remembered.
 */
export function contextType(word: string): ContextType {
  if (word === "") return NO_TYPE;
  const known = TYPES.get(word);
  if (known !== undefined) return known;
  const type = { sort: sortOfWord(word), slug: slug(normalName(word)) };
  if (TYPES.size < MOST_WORDS) TYPES.set(word, type);
  return type;
}

/** Where a context is. */
export function sortOfContext(context: string): ContextSort {
  return contextType(contextName(context).type).sort;
}

function sortOfWord(word: string): ContextSort {
  if (isCourseWord(word)) return "course";
  if (USER_WORDS.has(normalName(word))) return "user";
  return moduleOfContext(`${word}:`) === "" ? "other" : "module";
}
