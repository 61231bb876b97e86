import { moduleOfContext } from "../events/components.js";
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

const MOST_WORDS = 1000;
const SORTS = new Map<string, ContextSort>();

/** Where a context is: in a course module, a course, somebody's profile, or elsewhere. */
export function sortOfContext(context: string): ContextSort {
  const { type } = contextName(context);
  if (type === "") return "other";
  const known = SORTS.get(type);
  if (known !== undefined) return known;
  const sort = sortOfType(type);
  if (SORTS.size < MOST_WORDS) SORTS.set(type, sort);
  return sort;
}

function sortOfType(type: string): ContextSort {
  if (isCourseWord(type)) return "course";
  if (USER_WORDS.has(normalName(type))) return "user";
  return moduleOfContext(`${type}:`) === "" ? "other" : "module";
}
