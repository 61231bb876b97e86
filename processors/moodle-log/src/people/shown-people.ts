import type { Params } from "../params.js";
import { type Actor, type Actors, userIdOf } from "./actor.js";
import type { NamedPerson } from "./known-names.js";
import { Pseudonyms, randomSalt } from "./pseudonyms.js";

type PeopleParams = Pick<Params, "pseudonymize" | "pseudonym_salt" | "names">;

/** Who is behind a pseudonym. */
export interface KeyRow {
  readonly pseudonym: string;
  /** Empty when the log does not tell it. */
  readonly userId: string;
  /** As the log has it; all of them, when there are several. */
  readonly names: readonly string[];
}

/**
 * How people stand in the outputs of one run, which all ask here: either as in the log, or as pseudonyms and nowhere
 * by name.
 */
export class ShownPeople {
  /** Whether full names stand in columns of their own. */
  readonly showsNames: boolean;
  /** What pseudonyms are made from, for threads; secret. `undefined` when people stand as in the log. */
  readonly salt: string | undefined;
  readonly #pseudonyms: Pseudonyms | undefined;
  /** Who has a pseudonym, when a key is wanted. */
  readonly #given = new Map<string, NamedPerson>();

  constructor(params: PeopleParams, people: () => Iterable<NamedPerson>) {
    const { pseudonymize } = params;
    this.showsNames = pseudonymize === "off" && params.names !== false;
    if (pseudonymize === "off") return;
    this.salt = params.pseudonym_salt ?? randomSalt();
    const isWanted = pseudonymize === "with_key";
    this.#pseudonyms = new Pseudonyms({
      salt: this.salt,
      people: people(),
      ...(isWanted ? { onGiven: (person) => this.note([person]) } : {}),
    });
  }

  get isPseudonymous(): boolean {
    return this.#pseudonyms !== undefined;
  }

  /** What the column `actor` shows of somebody. */
  called(actor: Actor): string {
    return this.#pseudonyms?.ofActor(actor) ?? actor.label;
  }

  /** The full name, where names are shown. */
  nameOf(actor: Actor): string {
    return this.showsNames ? actor.name : "";
  }

  /** A cell of the Event context column. */
  inContext(context: string): string {
    return this.#pseudonyms?.inContext(context) ?? context;
  }

  /** A text that may name people by chance, as the name of a course. */
  inText(text: string): string {
    return this.#pseudonyms?.inText(text) ?? text;
  }

  /** An entry of a list of ids, labels and names. */
  inList(entry: string): string {
    const id = userIdOf(entry);
    if (this.#pseudonyms === undefined) return entry;
    return id === undefined ? this.#pseudonyms.ofName(entry) : this.#pseudonyms.ofUser(id);
  }

  /** Notes people who were given a pseudonym elsewhere, for the key. */
  note(people: readonly NamedPerson[]): void {
    for (const person of people) this.#given.set(`${person.id}\n${person.name}`, person);
  }

  /** Who is behind each pseudonym; empty when people stand as in the log. */
  key(log: { readonly actors: Actors; readonly named: Iterable<NamedPerson> }): KeyRow[] {
    const pseudonyms = this.#pseudonyms;
    if (pseudonyms === undefined) return [];
    const rows = new Map<string, { readonly userId: string; readonly names: Set<string> }>();
    const add = (person: NamedPerson) => {
      const pseudonym = pseudonyms.ofPerson(person);
      const row = rows.get(pseudonym) ?? { userId: person.id, names: new Set() };
      rows.set(pseudonym, row);
      if (person.name !== "") row.names.add(person.name);
    };
    const withId = new Set<string>();
    for (const person of log.named) {
      if (person.id !== "") withId.add(person.name);
      add(person);
    }
    for (let at = 0; at < log.actors.count; at++) {
      const { kind, text, name } = log.actors.at(at);
      if (kind === "id") add({ id: text, name });
    }
    for (const person of [...this.#given.values()])
      if (person.id !== "" || !withId.has(person.name)) add(person);
    return [...rows]
      .map(([pseudonym, { userId, names }]) => ({ pseudonym, userId, names: [...names] }))
      .sort((a, b) => (a.pseudonym < b.pseudonym ? -1 : 1));
  }
}

/** The params as the summary repeats them: without the secret, and naming people as all outputs do. */
export function shownParams(params: Params, people: ShownPeople): unknown {
  const { pseudonym_salt, exclude_users, roles, courses, ...rest } = params;
  return {
    ...rest,
    ...(pseudonym_salt === undefined ? {} : { pseudonym_salt: "(given)" }),
    ...(roles === undefined ? {} : { roles: people.isPseudonymous ? "(given)" : roles }),
    courses: courses.map((course) => people.inText(course)),
    exclude_users: exclude_users.map((entry) => people.inList(entry)),
  };
}
