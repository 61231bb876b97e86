import type { EventKind } from "../../events/wording.js";
import type { Places } from "../../places/courses.js";
import { ACTOR_KINDS, ActorTable } from "./actor-table.js";
import { CellInterner } from "./byte-interner.js";
import { assertDictionaries } from "./log-limits.js";
import type { NewEntries, TupleColumns } from "./row-interpreter.js";
import { USER_BASE } from "./row-people.js";
import { type TextColumn, textAt, textCount } from "./text-column.js";
import type { ThreadNumbers } from "./thread-numbers.js";
import { NumberColumn, type SharedColumn, TupleInterner } from "./tuple-interner.js";

/** In place of the one user id that goes with a name: there are several. */
const SEVERAL = 0xffffffff;

/**
 * Joins what the threads numbered, each by itself, into one numbering of kinds, actors and places. Texts are
 * numbered as they come, kinds, actors and places in the order in which `numberOf…` is asked.
 */
export class TableBuilder {
  readonly kinds: EventKind[] = [];
  readonly #kindIds = new Map<string, number>();
  readonly #ids = new CellInterner();
  readonly #people = new CellInterner();
  readonly #contexts = new CellInterner();
  readonly #courses = new CellInterner();
  /** Kind, and the number of the id or the name. */
  readonly #actors = new TupleInterner(2);
  /** By actor: the first name in the text. */
  readonly #names = new NumberColumn();
  /** By name of a person: 1 more than the actor whose id goes with it, 0 for none, or `SEVERAL`. */
  readonly #actorOfName = new NumberColumn();
  readonly #places = new TupleInterner(4);

  /** Takes over what a thread met for the first time; segments of one thread in the order in which it replied. */
  learn(thread: ThreadNumbers, news: NewEntries): void {
    thread.kinds.push(...news.kinds);
    numberTexts(this.#ids, thread.ids, news.ids);
    numberTexts(this.#people, thread.people, news.people);
    numberTexts(this.#contexts, thread.contexts, news.contexts);
    numberTexts(this.#courses, thread.courses, news.courses);
    append(thread.actors, news.actors);
    append(thread.places, news.places);
    assertDictionaries({
      kinds: thread.kinds.length,
      tuples: { people: this.#actors.size, contexts: this.#places.size },
      texts: { people: this.#people, contexts: this.#contexts, courses: this.#courses, ids: this.#ids },
    });
  }

  numberOfKind(thread: ThreadNumbers, local: number): number {
    const kind = thread.kinds[local] as EventKind;
    const key = JSON.stringify(kind);
    const known = this.#kindIds.get(key);
    if (known !== undefined) return known;
    this.#kindIds.set(key, this.kinds.length);
    return this.kinds.push(kind) - 1;
  }

  numberOfActor(thread: ThreadNumbers, local: number): number {
    const [users, people] = thread.actors;
    const user = users.at(local);
    const name = thread.people.at(people.at(local));
    const actor =
      user >= USER_BASE
        ? this.#actors.intern(ACTOR_KINDS.indexOf("id"), thread.ids.at(user - USER_BASE))
        : name > 0
          ? this.#actors.intern(ACTOR_KINDS.indexOf("name"), name)
          : this.#actors.intern(user, 0);
    if (actor === this.#names.length) this.#names.push(name);
    else if (this.#names.at(actor) === 0) this.#names.set(actor, name);
    if (user >= USER_BASE && name > 0) this.#meet(name, actor + 1);
    return actor;
  }

  /** Notes that a name stands beside the id of an actor. */
  #meet(name: number, actor: number): void {
    const known = this.#actorOfName;
    while (known.length <= name) known.push(0);
    if (known.at(name) === 0) known.set(name, actor);
    else if (known.at(name) !== actor) known.set(name, SEVERAL);
  }

  /**
   * By actor, the one that their rows belong to: of an actor who is only a name, the one whose id alone goes with
   * that name; of all others, themselves. `undefined` when there is nobody to join.
   */
  #joinedActors(): Uint32Array | undefined {
    const [kinds, texts] = [this.#actors.column(0), this.#actors.column(1)];
    let joined: Uint32Array | undefined;
    for (let actor = 0; actor < kinds.length; actor++) {
      const name = texts[actor] as number;
      if (ACTOR_KINDS[kinds[actor] as number] !== "name" || name >= this.#actorOfName.length) continue;
      const owner = this.#actorOfName.at(name);
      if (owner === 0 || owner === SEVERAL) continue;
      joined ??= Uint32Array.from(kinds, (_, number) => number);
      joined[actor] = owner - 1;
    }
    return joined;
  }

  /** By number of a name: that of the id that alone goes with it, 0 for none. */
  #idsOfNames(count: number): SharedColumn {
    const texts = this.#actors.column(1);
    const ids = new Uint32Array(new SharedArrayBuffer(count * 4));
    for (let name = 0; name < Math.min(count, this.#actorOfName.length); name++) {
      const owner = this.#actorOfName.at(name);
      if (owner !== 0 && owner !== SEVERAL) ids[name] = texts[owner - 1] as number;
    }
    return ids;
  }

  numberOfPlace(thread: ThreadNumbers, local: number): number {
    const [contexts, courses, courseIds, moduleIds] = thread.places;
    return this.#places.intern(
      thread.contexts.at(contexts.at(local)),
      thread.courses.at(courses.at(local)),
      thread.ids.at(courseIds.at(local)),
      thread.ids.at(moduleIds.at(local)),
    );
  }

  /** The tables, in memory that threads share. */
  tables(): {
    readonly actors: ActorTable;
    readonly places: PlaceTable;
    readonly joinedActors: Uint32Array | undefined;
  } {
    const ids = this.#ids.shared();
    const people = this.#people.shared();
    return {
      joinedActors: this.#joinedActors(),
      actors: new ActorTable({
        kinds: this.#actors.column(0),
        texts: this.#actors.column(1),
        names: this.#names.shared(),
        idOfName: this.#idsOfNames(textCount(people)),
        ids,
        people,
      }),
      places: new PlaceTable({
        contextOf: this.#places.sharedColumn(0),
        courseOf: this.#places.column(1),
        courseIdOf: this.#places.column(2),
        moduleIdOf: this.#places.sharedColumn(3),
        contexts: this.#contexts.shared(),
        courses: this.#courses.shared(),
        ids,
      }),
    };
  }
}

function numberTexts(interner: CellInterner, numbers: NumberColumn, texts: TextColumn): void {
  const { bytes, starts } = texts;
  for (let i = 0; i < textCount(texts); i++) {
    numbers.push(interner.internBytes(bytes, starts[i] as number, starts[i + 1] as number));
  }
}

function append(columns: readonly NumberColumn[], added: TupleColumns): void {
  for (const [member, values] of added.entries()) {
    for (let i = 0; i < values.length; i++) columns[member]?.push(values[i] as number);
  }
}

/** Columns of places: numbers into the texts. */
interface PlaceColumns {
  readonly contextOf: SharedColumn;
  readonly courseOf: Uint32Array;
  readonly courseIdOf: Uint32Array;
  readonly moduleIdOf: SharedColumn;
  readonly contexts: TextColumn;
  readonly courses: TextColumn;
  readonly ids: TextColumn;
}

/** The places of a log. */
export class PlaceTable implements Places {
  /** For the kernel's own writers. */
  readonly columns: PlaceColumns;

  constructor(columns: PlaceColumns) {
    this.columns = columns;
  }

  get count(): number {
    return this.columns.contextOf.length;
  }

  get contextCount(): number {
    return textCount(this.columns.contexts);
  }

  get courseCount(): number {
    return textCount(this.columns.courses);
  }

  at(place: number) {
    const { contextOf, courseOf, courseIdOf } = this.columns;
    return {
      context: contextOf[place] as number,
      course: courseOf[place] as number,
      courseId: courseIdOf[place] as number,
    };
  }

  contextText(context: number): string {
    return textAt(this.columns.contexts, context);
  }

  courseText(course: number): string {
    return textAt(this.columns.courses, course);
  }

  idText(id: number): string {
    return textAt(this.columns.ids, id);
  }
}
