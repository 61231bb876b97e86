import { type EventKind, readWording, type Wording } from "../../events/wording.js";
import { readName } from "../../people/actor.js";
import type { RecordScanner } from "../text/row-scanner.js";
import type { Layout } from "../text/text-rows.js";
import { ByteInterner, CellInterner } from "./byte-interner.js";
import { DescriptionSplitter } from "./description-splitter.js";
import type { TextColumn } from "./text-column.js";
import { NumberColumn, TupleInterner } from "./tuple-interner.js";

const MAX_WORDINGS = 50_000;
const ZERO = 48;
const MINUS = 45;
const NO_ID = -1;
const NOBODY = -2;
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

/** What a wording was read as, and the number of what it says was done: of module, action and object. */
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
  readonly #names = new CellInterner();
  /** By name cell: twice the number in `#people`, and 1 for somebody logged in as somebody else. */
  readonly #readNames = new NumberColumn();
  readonly #people = new CellInterner();
  readonly #contexts = new CellInterner();
  readonly #courses = new CellInterner();
  readonly #ids = new CellInterner();
  /** Component and event name. */
  readonly #events = new TupleInterner(2);
  /** By event: the wording of the latest row of it, which the next one nearly always has, too. */
  readonly #latestWordings: (ReadWording | undefined)[] = [];
  /** Event, deed, and flags. */
  readonly #kinds = new TupleInterner(3);
  readonly #actors = new TupleInterner(2);
  readonly #places = new TupleInterner(4);
  #newKinds: EventKind[] = [];
  #kindCount = 0;

  constructor(layout: Layout) {
    this.#columns = layout.columns;
  }

  /** Interprets the row that `scanner` holds; the result is in `kind`, `actor` and `place`. */
  read(bytes: Buffer, scanner: RecordScanner): void {
    const component = this.#components.intern(bytes, scanner, this.#columns.component);
    const eventName = this.#eventNames.intern(bytes, scanner, this.#columns.event_name);
    const event = this.#events.intern(component, eventName);
    const said = this.#readDescription(bytes, scanner, event);
    const { wording } = said;
    const name = this.#readName(bytes, scanner);
    const user = this.#userIn(bytes, wording.reviewerSlot >= 0 ? wording.reviewerSlot : wording.userSlot);
    const person = name >>> 1;
    this.actor = this.#actors.intern((person === 0 ? user : Math.max(user, NO_ID)) + USER_BASE, person);
    const related = this.#valueIn(bytes, wording.relatedSlot);
    const subject = related === NO_ID || user === NO_ID ? 0 : related === user ? 1 : 2;
    const flags = subject + (user === NOBODY ? 4 : 0) + (name & 1 ? 8 : 0);
    this.kind = this.#kinds.intern(event, said.deed, flags);
    if (this.kind === this.#kindCount) this.#addKind({ component, eventName, wording, flags });
    this.place = this.#placeOf(bytes, scanner, wording);
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
    if (this.#wordings.size >= MAX_WORDINGS) return this.#interpret(wording.subarray(0, wordingLength));
    const id = this.#wordings.intern(wording, 0, wordingLength);
    const known = this.#readWordings[id];
    if (known !== undefined) return known;
    const interpreted = this.#interpret(wording.subarray(0, wordingLength));
    this.#readWordings[id] = interpreted;
    return interpreted;
  }

  #interpret(wording: Buffer): ReadWording {
    const read = readWording(wording.toString("utf8"));
    const deed = numbered(this.#deeds, `${read.module}\n${read.action}\n${read.object}`);
    return { wording: read, deed, bytes: Uint8Array.from(wording) };
  }

  #readName(bytes: Buffer, scanner: RecordScanner): number {
    const cell = this.#names.intern(bytes, scanner, this.#columns.user_full_name);
    while (cell >= this.#readNames.length) {
      const { name, isLoginAs } = readName(this.#names.textOf(this.#readNames.length));
      this.#readNames.push(this.#people.internText(name) * 2 + (isLoginAs ? 1 : 0));
    }
    return this.#readNames.at(cell);
  }

  /** The user named at a slot: an id, nobody, or none when it is a name or a word. */
  #userIn(bytes: Buffer, slot: number): number {
    if (slot < 0 || slot >= this.#splitter.count) return NO_ID;
    const start = this.#splitter.starts[slot] as number;
    const end = this.#splitter.ends[slot] as number;
    const isZero = end === start + 1 && bytes[start] === ZERO;
    const isMinusOne = end === start + 2 && bytes[start] === MINUS && bytes[start + 1] === ZERO + 1;
    if (end === start || isZero || isMinusOne) return NOBODY;
    for (let at = start; at < end; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return NO_ID;
    }
    return this.#ids.internBytes(bytes, start, end);
  }

  #valueIn(bytes: Buffer, slot: number): number {
    if (slot < 0 || slot >= this.#splitter.count) return NO_ID;
    const { starts, ends } = this.#splitter;
    return this.#ids.internBytes(bytes, starts[slot] as number, ends[slot] as number);
  }

  #addKind(is: {
    readonly component: number;
    readonly eventName: number;
    readonly wording: Wording;
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
      subject: (["none", "self", "other"] as const)[flags & 3] ?? "none",
      actor: flags & 4 ? "nobody" : "person",
      isLoginAs: (flags & 8) !== 0,
    });
  }

  #placeOf(bytes: Buffer, scanner: RecordScanner, wording: Wording): number {
    const context = this.#contexts.intern(bytes, scanner, this.#columns.event_context);
    const course = this.#courses.intern(bytes, scanner, this.#columns.course);
    const courseId = this.#valueIn(bytes, wording.courseSlot);
    const moduleId = this.#valueIn(bytes, wording.moduleIdSlot);
    return this.#places.intern(context, course, Math.max(0, courseId), Math.max(0, moduleId));
  }
}

function numbered(map: Map<string, number>, key: string): number {
  const known = map.get(key);
  if (known !== undefined) return known;
  map.set(key, map.size);
  return map.size - 1;
}
