import { normalName } from "../reading/headings.js";

/** Who acts, as the rows tell it. */
export interface ActorEntry {
  readonly kind: "id" | "name" | "system" | "unknown";
  /** The user id, or the name. */
  readonly text: string;
  /** The name that stands beside the id; empty when none does. */
  readonly name: string;
}

/** The actors of a log, by number. */
export interface Actors {
  readonly count: number;
  at(actor: number): Actor;
}

/** One actor of the log; `name` is the first in the text. */
export interface Actor extends ActorEntry {
  /** As in the outputs: `user-5`, a name, `system`, `unknown`. */
  readonly label: string;
}

/** What a cell of the name column says of who acted. */
export interface PersonName {
  /** Empty when missing. */
  readonly name: string;
  readonly isLoginAs: boolean;
  /** Of somebody logged in as somebody else, their own name; else empty. */
  readonly behind: string;
}

/** How "logged in as" joins the two names, in the languages that are known to. */
const LOGIN_AS = /^(.+?) (?:as|como|en tant que|als|come|com a) (.+)$/;

/**
 * Reads a cell of the name column. Of somebody logged in as somebody else, the name is of the one whose
 * account acted, as the user id is.
 */
export function readName(cell: string): PersonName {
  const name = cell.trim();
  if (name === "" || name === "-") return { name: "", isLoginAs: false, behind: "" };
  const [, behind = "", account] = LOGIN_AS.exec(name) ?? [];
  return account === undefined
    ? { name, isLoginAs: false, behind: "" }
    : { name: account.trim(), isLoginAs: true, behind };
}

/**
 * How an actor is called in the outputs. A name that reads like one of our own labels is kept apart from it.
 */
export function actorLabel({ kind, text }: Pick<ActorEntry, "kind" | "text">): string {
  if (kind === "id") return `user-${text}`;
  if (kind !== "name") return kind;
  return /^(user-.*|system|unknown)$/.test(text) ? `name:${text}` : text;
}

/** Whether an actor is somebody: not the system, and not the one who stands for all unknown people. */
export function isPerson({ kind }: Pick<ActorEntry, "kind">): boolean {
  return kind === "id" || kind === "name";
}

/**
 * Which actors a list of ids and names means: by id, by label, or by full name without regard to case and
 * accents.
 * @returns a boolean by actor.
 */
export function actorsNamed(actors: Actors, wanted: readonly string[]): boolean[] {
  const names = new Set(wanted.map(normalName));
  return Array.from({ length: actors.count }, (_, actor) => {
    const { kind, text, label, name } = actors.at(actor);
    if (kind === "id" && wanted.includes(text)) return true;
    return names.has(normalName(label)) || (name !== "" && names.has(normalName(name)));
  });
}

/** The user id behind an entry of a list of ids, labels and names; `undefined` when it is a name. */
export function userIdOf(entry: string): string | undefined {
  return /^(?:user-)?(\d+)$/.exec(entry.trim())?.[1];
}
