import { normalName } from "../reading/headings.js";

/** A full name that a log knows. */
export interface NamedPerson {
  readonly name: string;
  /** The user id that alone goes with the name; empty when none does, or several do. */
  readonly id: string;
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** Finds the full names that a log knows in other texts: without regard to case, accents and punctuation. */
export class KnownNames {
  /** Person by the words of the name, joined by blanks. */
  readonly #people = new Map<string, NamedPerson>();
  /** How many words the longest name has that begins with a word. */
  readonly #longest = new Map<string, number>();

  constructor(people: Iterable<NamedPerson>) {
    for (const person of people) {
      const words = wordsOf(person.name);
      this.#add(words, person);
      // As a list sorted by surname has it: “Silva, Ana Maria”.
      if (words.length > 1) this.#add([...words.slice(-1), ...words.slice(0, -1)], person);
    }
  }

  /** The person of a full name; `undefined` for one that the log does not know. */
  person(name: string): NamedPerson | undefined {
    return this.#people.get(wordsOf(name).join(" "));
  }

  /** A text with each known name replaced. */
  replace(text: string, by: (person: NamedPerson) => string): string {
    if (this.#people.size === 0) return text;
    const words = [...text.matchAll(WORD)].map((match) => {
      const end = match.index + match[0].length;
      return { start: match.index, end, word: normalName(match[0]) };
    });
    let shown = "";
    let copied = 0;
    for (let at = 0; at < words.length; at++) {
      const found = this.#longestAt(words, at);
      if (found === undefined) continue;
      shown += text.slice(copied, words[at]?.start) + by(found.person);
      at += found.words - 1;
      copied = words[at]?.end ?? text.length;
    }
    return shown + text.slice(copied);
  }

  #longestAt(words: readonly { readonly word: string }[], at: number) {
    const longest = this.#longest.get(words[at]?.word ?? "") ?? 0;
    for (let count = Math.min(longest, words.length - at); count > 0; count--) {
      const name = words.slice(at, at + count).map(({ word }) => word);
      const person = this.#people.get(name.join(" "));
      if (person !== undefined) return { person, words: count };
    }
    return undefined;
  }

  #add(words: readonly string[], person: NamedPerson): void {
    const [first] = words;
    const key = words.join(" ");
    const known = this.#people.get(key);
    if (first === undefined || (known !== undefined && (known.id !== "" || person.id === ""))) return;
    this.#people.set(key, person);
    this.#longest.set(first, Math.max(this.#longest.get(first) ?? 0, words.length));
  }
}

function wordsOf(name: string): string[] {
  return (name.match(WORD) ?? []).map(normalName);
}
