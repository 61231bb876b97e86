import { type Actor, type ActorEntry, type Actors, actorLabel } from "../../people/actor.js";
import type { NamedPerson } from "../../people/known-names.js";
import { type TextColumn, textAt, textCount } from "./text-column.js";
import type { SharedColumn } from "./tuple-interner.js";

/** Kinds of actors, by number. */
export const ACTOR_KINDS = [
  "system",
  "unknown",
  "id",
  "name",
] as const satisfies readonly ActorEntry["kind"][];

/** Names of people by number, and the number of the id that alone goes with each, 0 for none. */
export interface NameColumns {
  readonly people: TextColumn;
  readonly idOfName: SharedColumn;
  readonly ids: TextColumn;
}

/** Everybody whose name a log holds; those who never act only when it was loaded so. */
export function* namedPeople({ people, idOfName, ids }: NameColumns): Generator<NamedPerson> {
  for (let name = 1; name < textCount(people); name++) {
    yield { name: textAt(people, name), id: textAt(ids, idOfName[name] as number) };
  }
}

/** Columns of actors: kind, and the number of the id or the name; the name beside it. */
interface ActorColumns extends NameColumns {
  readonly kinds: Uint32Array;
  readonly texts: Uint32Array;
  readonly names: SharedColumn;
}

/** The actors of a log. */
export class ActorTable implements Actors {
  readonly count: number;
  /** For the kernel's own writers. */
  readonly columns: ActorColumns;

  constructor(columns: ActorColumns) {
    this.count = columns.kinds.length;
    this.columns = columns;
  }

  kindAt(actor: number): ActorEntry["kind"] {
    return ACTOR_KINDS[this.columns.kinds[actor] as number] ?? "unknown";
  }

  at(actor: number): Actor {
    const { texts, names, ids, people } = this.columns;
    const kind = this.kindAt(actor);
    const text = textAt(kind === "id" ? ids : people, texts[actor] as number);
    return { kind, text, name: textAt(people, names[actor] as number), label: actorLabel({ kind, text }) };
  }

  /** See `namedPeople`. */
  named(): Iterable<NamedPerson> {
    return namedPeople(this.columns);
  }
}
