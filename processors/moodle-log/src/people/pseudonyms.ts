import { createHmac, randomBytes } from "node:crypto";
import { contextName, sortOfContext } from "../places/context-name.js";
import { type ActorEntry, actorLabel, readName } from "./actor.js";
import { KnownNames, type NamedPerson } from "./known-names.js";

const E_MAIL = /[^\s<>()"',;:]+@[^\s<>()"',;:]+/g;
const IP_ADDRESS =
  /\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[\da-f]{1,4}:){3,7}[\da-f]{1,4}\b|\b(?:[\da-f]{1,4}:)+(?::[\da-f]{1,4})+\b/gi;
/** Pseudonyms that are remembered; making one takes two microseconds. */
const MOST_REMEMBERED = 50_000;

/** What pseudonyms are made from. */
export interface PseudonymSource {
  /** Secret: who has it can try all ids. */
  readonly salt: string;
  /** Everybody whose name the log knows. */
  readonly people: Iterable<NamedPerson>;
  /** Told of each person who is given a pseudonym, perhaps several times. */
  readonly onGiven?: (person: NamedPerson) => void;
}

/** A salt that nobody can guess, for one run. */
export function randomSalt(): string {
  return randomBytes(32).toString("hex");
}

/**
 * Pseudonyms in place of ids and names: the one place that every output asks. One person has one, made of the
 * user id, or of the name when the log knows no id. It is the start of an HMAC-SHA-256 (RFC 2104) under the salt, so
 * that the same salt gives the same pseudonyms in another log, and nobody finds the id without it.
 */
export class Pseudonyms {
  readonly #salt: string;
  readonly #onGiven: ((person: NamedPerson) => void) | undefined;
  readonly #names: KnownNames;
  readonly #made = new Map<string, string>();

  constructor({ salt, people, onGiven }: PseudonymSource) {
    this.#salt = salt;
    this.#onGiven = onGiven;
    this.#names = new KnownNames(people);
  }

  /** How an actor is called: a pseudonym, or `system` or `unknown`. */
  ofActor(actor: Pick<ActorEntry, "kind" | "text">): string {
    if (actor.kind === "id") return this.ofUser(actor.text);
    return actor.kind === "name" ? this.ofPerson({ name: actor.text, id: "" }) : actorLabel(actor);
  }

  /** The pseudonym of a user id. */
  ofUser(id: string): string {
    return this.ofPerson({ name: "", id });
  }

  /** The pseudonym of a full name: that of the id that alone goes with it, when the log knows one. */
  ofName(name: string): string {
    return this.ofPerson(this.#names.person(name) ?? { name, id: "" });
  }

  /** The pseudonym of somebody of whom the log knows the id, or else only the name. */
  ofPerson(person: NamedPerson): string {
    const { name, id } = person;
    return `person-${this.#code(id === "" ? `name ${name}` : `id ${id}`, 16, person)}`;
  }

  /** In place of an id or another value that is not a person's: the same for the same value. */
  ofValue(value: string): string {
    return `x${this.#code(`value ${value}`, 10)}`;
  }

  /** A cell that holds a full name, or nobody. */
  inNameCell(cell: string): string {
    const { name } = readName(cell);
    return name === "" ? cell.trim() : this.ofName(name);
  }

  /** A cell of the Event context column; `User: ` is followed by a name. */
  inContext(context: string): string {
    if (sortOfContext(context) !== "user") return this.inText(context);
    const { name } = contextName(context);
    return `${context.slice(0, context.length - name.length)}${this.ofName(name)}`;
  }

  /** Any text: known names, e-mail and IP addresses in it are replaced. */
  inText(text: string): string {
    const named = this.#names.replace(text, (person) => this.ofPerson(person));
    return named.replace(E_MAIL, "(e-mail)").replace(IP_ADDRESS, "(ip)");
  }

  /** @param digits hexadecimal ones: 16 keep 200,000 people apart but for one chance in 900 million. */
  #code(of: string, digits: number, person?: NamedPerson): string {
    const made = this.#made.get(of);
    if (made !== undefined) return made;
    if (this.#made.size >= MOST_REMEMBERED) this.#made.clear();
    const code = createHmac("sha256", this.#salt).update(of).digest("hex").slice(0, digits);
    this.#made.set(of, code);
    if (person !== undefined) this.#onGiven?.(person);
    return code;
  }
}
