import { moduleOfContext } from "../../events/components.js";
import { type EventKind, readWording, type Wording } from "../../events/wording.js";
import type { RecordScanner } from "../text/row-scanner.js";
import type { Layout } from "../text/text-rows.js";
import { ByteInterner, CellInterner } from "./byte-interner.js";
import { DescriptionSplitter } from "./description-splitter.js";
import { RowPeople } from "./row-people.js";
import type { TextColumn } from "./text-column.js";
import { NumberColumn, TupleInterner } from "./tuple-interner.js";

/** Wordings that are kept, and their bytes; others are read each time. */
const MAX_WORDINGS = 50_000;
const MAX_WORDING_BYTES = 16 << 20;
/** More than the flags of a kind take. */
const FLAGS = 32;
const MACHINES = new Set(["cli", "cron", "restore"]);
/** Added to the user of an actor, so that it is no negative number. */
export const USER_BASE = 2;

/**
 * What was numbered for the first time, each in the order of its numbers. Number 0 of all texts is the empty one.
 */
export interface NewEntries {
  readonly kinds: readonly EventKind[];
  /** User, course and course module ids. */
  readonly ids: TextColumn;
  /** Names of people, as `readName` gives them. */
  readonly people: TextColumn;
  readonly contexts: TextColumn;
  readonly courses: TextColumn;
  /**
   * Actors: the user, as an id and `USER_BASE` (0 for the system, 1 for none), and the name in `people`. One who
   * is called by two names is numbered twice: which row comes first in the text is known only when the stretches
   * are joined.
   */
  readonly actors: TupleColumns;
  /** Places: context, course, course id, course module id. */
  readonly places: TupleColumns;
}

/** Tuples of numbers, a column for each of their members. */
export type TupleColumns = readonly Uint32Array<ArrayBuffer>[];

/** What a wording was read as, and the number of what it says was done: module, action, object and what is declared. */
interface ReadWording {
  readonly wording: Wording;
  readonly deed: number;
  /** The wording itself. */
  readonly bytes: Uint8Array;
}

/**
 * Turns the cells of a row into three small numbers: its kind of event, its actor, its place. The numbers are
 * this object's own; `takeNew` hands out what they stand for, each once.
 */
export class RowInterpreter {
  kind = 0;
  actor = 0;
  place = 0;
  readonly #columns: Layout["columns"];
  readonly #splitter = new DescriptionSplitter();
  readonly #wordings = new ByteInterner();
  readonly #readWordings: ReadWording[] = [];
  readonly #deeds = new Map<string, number>();
  readonly #components = new CellInterner();
  readonly #eventNames = new CellInterner();
  readonly #contexts = new CellInterner();
  readonly #courses = new CellInterner();
  readonly #ids = new CellInterner();
  readonly #people: RowPeople;
  /** Component and event name. */
  readonly #events = new TupleInterner(2);
  /** By event: the wording of the latest row of it, which the next one nearly always has, too. */
  readonly #latestWordings: (ReadWording | undefined)[] = [];
  /** Event, deed, and flags with the number of the place above them. */
  readonly #kinds = new TupleInterner(3);
  /** Module type by context, as a number in `#placeNames`. */
  readonly #contextPlaces = new NumberColumn();
  readonly #placeNames = new Map<string, number>();
  readonly #actors = new TupleInterner(2);
  readonly #places = new TupleInterner(4);
  #newKinds: EventKind[] = [];
  #kindCount = 0;

  constructor({ layout, wantsAllNames }: { readonly layout: Layout; readonly wantsAllNames: boolean }) {
    this.#columns = layout.columns;
    this.#people = new RowPeople(
      { columns: layout.columns, wantsAllNames },
      { splitter: this.#splitter, ids: this.#ids },
    );
  }

  /** Interprets the row that `scanner` holds; the result is in `kind`, `actor` and `place`. */
  read(bytes: Buffer, scanner: RecordScanner): void {
    const component = this.#components.intern(bytes, scanner, this.#columns.component);
    const eventName = this.#eventNames.intern(bytes, scanner, this.#columns.event_name);
    const event = this.#events.intern(component, eventName);
    const said = this.#readDescription(bytes, scanner, event);
    const { wording } = said;
    const people = this.#people;
    people.read(bytes, scanner, wording);
    this.actor = this.#actors.intern(people.user, people.person);
    const flags =
      people.subject +
      (people.isNobody ? 4 : 0) +
      (people.isLoginAs ? 8 : 0) +
      (this.#isMachine(bytes, scanner) ? 16 : 0);
    const context = this.#contexts.intern(bytes, scanner, this.#columns.event_context);
    const place = this.#placeName(context);
    this.kind = this.#kinds.intern(event, said.deed, place * FLAGS + flags);
    if (this.kind === this.#kindCount) this.#addKind({ component, eventName, wording, place, flags });
    this.place = this.#placeOf(bytes, scanner, { wording, context });
  }

  /** What was numbered since the last call. */
  takeNew(): NewEntries {
    const kinds = this.#newKinds;
    this.#newKinds = [];
    return {
      kinds,
      ids: this.#ids.takeNew(),
      people: this.#people.takeNew(),
      contexts: this.#contexts.takeNew(),
      courses: this.#courses.takeNew(),
      actors: this.#actors.takeNew(),
      places: this.#places.takeNew(),
    };
  }

  #readDescription(bytes: Buffer, scanner: RecordScanner, event: number): ReadWording {
    const cell = this.#columns.description;
    const start = cell < 0 ? 0 : (scanner.starts[cell] as number);
    const end = cell < 0 ? 0 : (scanner.ends[cell] as number);
    const expected = this.#latestWordings[event];
    if (expected !== undefined && this.#splitter.splitAs(expected.bytes, bytes, start, end)) return expected;
    this.#splitter.split(bytes, start, end);
    const said = this.#readWording();
    this.#latestWordings[event] = said;
    return said;
  }

  /** What the wording that was split off says. */
  #readWording(): ReadWording {
    const { wording, wordingLength } = this.#splitter;
    const isFull = this.#wordings.size >= MAX_WORDINGS || this.#wordings.bytes >= MAX_WORDING_BYTES;
    if (isFull) return this.#interpret(wording.subarray(0, wordingLength));
    const id = this.#wordings.intern(wording, 0, wordingLength);
    const known = this.#readWordings[id];
    if (known !== undefined) return known;
    const interpreted = this.#interpret(wording.subarray(0, wordingLength));
    this.#readWordings[id] = interpreted;
    return interpreted;
  }

  #interpret(wording: Buffer): ReadWording {
    const read = readWording(wording.toString("utf8"));
    const deed = numbered(this.#deeds, `${read.module}\n${read.action}\n${read.object}\n${read.declared}`);
    return { wording: read, deed, bytes: Uint8Array.from(wording) };
  }

  /** Whether the Origin is `cli`, `cron` or `restore`: those of people are `web` and `ws`. */
  #isMachine(bytes: Buffer, scanner: RecordScanner): boolean {
    const { origin } = this.#columns;
    if (origin < 0) return false;
    const start = scanner.starts[origin] as number;
    const length = (scanner.ends[origin] as number) - start;
    const first = (bytes[start] as number) | 32;
    if ((first !== 99 && first !== 114) || length < 3 || length > 7) return false; // c, r
    return MACHINES.has(bytes.toString("latin1", start, start + length).toLowerCase());
  }

  #placeName(context: number): number {
    while (context >= this.#contextPlaces.length) {
      const module = moduleOfContext(this.#contexts.textOf(this.#contextPlaces.length));
      this.#contextPlaces.push(numbered(this.#placeNames, module));
    }
    return this.#contextPlaces.at(context);
  }

  #addKind(is: {
    readonly component: number;
    readonly eventName: number;
    readonly wording: Wording;
    readonly place: number;
    readonly flags: number;
  }): void {
    const { wording, flags } = is;
    this.#kindCount++;
    this.#newKinds.push({
      component: this.#components.textOf(is.component),
      eventName: this.#eventNames.textOf(is.eventName),
      module: wording.module,
      action: wording.action,
      object: wording.object,
      declared: wording.declared,
      place: [...this.#placeNames.keys()][is.place] ?? "",
      subject: (["none", "self", "other"] as const)[flags & 3] ?? "none",
      actor: flags & 16 ? "machine" : flags & 4 ? "nobody" : "person",
      isLoginAs: (flags & 8) !== 0,
    });
  }

  /** The number of the id at a slot of the description, or 0 when it has none. */
  #idAt(bytes: Buffer, slot: number): number {
    if (slot < 0 || slot >= this.#splitter.count) return 0;
    const { starts, ends } = this.#splitter;
    return this.#ids.internBytes(bytes, starts[slot] as number, ends[slot] as number);
  }

  #placeOf(
    bytes: Buffer,
    scanner: RecordScanner,
    { wording, context }: { readonly wording: Wording; readonly context: number },
  ): number {
    const course = this.#courses.intern(bytes, scanner, this.#columns.course);
    const courseId = this.#idAt(bytes, wording.courseSlot);
    const moduleId = this.#idAt(bytes, wording.moduleIdSlot);
    return this.#places.intern(context, course, courseId, moduleId);
  }
}

function numbered(map: Map<string, number>, key: string): number {
  const known = map.get(key);
  if (known !== undefined) return known;
  map.set(key, map.size);
  return map.size - 1;
}
