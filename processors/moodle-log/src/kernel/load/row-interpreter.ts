import { type EventKind, readWording, type Wording } from "../../events/wording.js";
import { type ActorEntry, type PersonName, readName } from "../../people/actor.js";
import type { Place } from "../../places/courses.js";
import type { RecordScanner } from "../text/row-scanner.js";
import type { Layout } from "../text/text-rows.js";
import { ByteInterner, CellInterner } from "./byte-interner.js";
import { DescriptionSplitter } from "./description-splitter.js";

const MAX_WORDINGS = 50_000;
const MAX_PACKED_ID = 1 << 16;
/** Three numbers below these make one that a double holds exactly. */
const MAX_COURSES = 2 ** 10 - 2;
const MAX_IDS = 2 ** 21 - 2;
const MAX_NAMES = 2 ** 26;
const ZERO = 48;
const MINUS = 45;
const NO_ID = -1;
const NOBODY = -2;

/** What a wording was read as, and the number of what it says was done: of module, action and object. */
interface ReadWording {
  readonly wording: Wording;
  readonly deed: number;
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
  readonly #events = new CellInterner();
  readonly #names = new CellInterner();
  readonly #readNames: PersonName[] = [];
  readonly #contexts = new CellInterner();
  readonly #courses = new CellInterner();
  readonly #ids = new ByteInterner();
  readonly #kinds = new Map<number | string, number>();
  readonly #actors = new Map<number, number>();
  /** Places by context, then by course and module. */
  readonly #places: Map<number | string, number>[] = [];
  #placeCount = 0;
  #newKinds: EventKind[] = [];
  #newActors: ActorEntry[] = [];
  #newPlaces: Place[] = [];

  constructor(layout: Layout) {
    this.#columns = layout.columns;
  }

  /** Interprets the row that `scanner` holds; the result is in `kind`, `actor` and `place`. */
  read(bytes: Buffer, scanner: RecordScanner): void {
    const { wording, deed } = this.#readDescription(bytes, scanner);
    const name = this.#readName(bytes, scanner);
    const user = this.#userIn(bytes, wording.reviewerSlot >= 0 ? wording.reviewerSlot : wording.userSlot);
    this.actor = this.#actorOf(user, name);
    const related = this.#valueIn(bytes, wording.relatedSlot);
    const subject = related === NO_ID || user === NO_ID ? 0 : related === user ? 1 : 2;
    const flags =
      subject + (user === NOBODY ? 4 : 0) + ((this.#readNames[name] as PersonName).isLoginAs ? 8 : 0);
    this.kind = this.#kindOf(bytes, scanner, { wording, deed, flags });
    this.place = this.#placeOf(bytes, scanner, wording);
  }

  /**
   * What was numbered since the last call. An actor who is called by two names is numbered twice: which row
   * comes first in the text is known only when the stretches are joined.
   */
  takeNew(): { kinds: EventKind[]; actors: ActorEntry[]; places: Place[] } {
    const taken = { kinds: this.#newKinds, actors: this.#newActors, places: this.#newPlaces };
    this.#newKinds = [];
    this.#newActors = [];
    this.#newPlaces = [];
    return taken;
  }

  #readDescription(bytes: Buffer, scanner: RecordScanner) {
    const cell = this.#columns.description;
    const start = cell < 0 ? 0 : (scanner.starts[cell] as number);
    this.#splitter.split(bytes, start, cell < 0 ? 0 : (scanner.ends[cell] as number));
    const { wording, wordingLength } = this.#splitter;
    if (this.#wordings.size >= MAX_WORDINGS)
      return this.#interpret(wording.toString("utf8", 0, wordingLength));
    const id = this.#wordings.intern(wording, 0, wordingLength);
    const known = this.#readWordings[id];
    if (known !== undefined) return known;
    const interpreted = this.#interpret(wording.toString("utf8", 0, wordingLength));
    this.#readWordings[id] = interpreted;
    return interpreted;
  }

  #interpret(wording: string): ReadWording {
    const read = readWording(wording);
    return { wording: read, deed: numbered(this.#deeds, `${read.module}\n${read.action}\n${read.object}`) };
  }

  #readName(bytes: Buffer, scanner: RecordScanner): number {
    const id = this.#names.intern(bytes, scanner, this.#columns.user_full_name);
    if (this.#readNames[id] === undefined) this.#readNames[id] = readName(this.#names.textOf(id));
    return id;
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
    return this.#ids.intern(bytes, start, end);
  }

  #valueIn(bytes: Buffer, slot: number): number {
    if (slot < 0 || slot >= this.#splitter.count) return NO_ID;
    return this.#ids.intern(
      bytes,
      this.#splitter.starts[slot] as number,
      this.#splitter.ends[slot] as number,
    );
  }

  #actorOf(user: number, nameId: number): number {
    const { name } = this.#readNames[nameId] as PersonName;
    const isNamed = name !== "" || user >= 0;
    const key = isNamed ? (Math.max(user, NO_ID) + 1) * MAX_NAMES + nameId : user;
    const known = this.#actors.get(key);
    if (known !== undefined) return known;
    const actor = this.#actors.size;
    this.#actors.set(key, actor);
    if (user >= 0) this.#newActors.push({ kind: "id", text: this.#ids.textOf(user), name });
    else if (name !== "") this.#newActors.push({ kind: "name", text: name, name });
    else this.#newActors.push({ kind: user === NOBODY ? "system" : "unknown", text: "", name: "" });
    return actor;
  }

  #kindOf(bytes: Buffer, scanner: RecordScanner, said: ReadWording & { readonly flags: number }): number {
    const component = this.#components.intern(bytes, scanner, this.#columns.component);
    const event = this.#events.intern(bytes, scanner, this.#columns.event_name);
    const { wording, deed, flags } = said;
    const isSmall = component < 2 ** 14 && event < MAX_PACKED_ID && deed < MAX_PACKED_ID;
    const key = isSmall
      ? ((component * MAX_PACKED_ID + event) * MAX_PACKED_ID + deed) * 16 + flags
      : `${component},${event},${deed},${flags}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    const kind = this.#kinds.size;
    this.#kinds.set(key, kind);
    this.#newKinds.push({
      component: this.#components.textOf(component),
      eventName: this.#events.textOf(event),
      module: wording.module,
      action: wording.action,
      object: wording.object,
      subject: (["none", "self", "other"] as const)[flags & 3] ?? "none",
      actor: flags & 4 ? "nobody" : "person",
      isLoginAs: (flags & 8) !== 0,
    });
    return kind;
  }

  #placeOf(bytes: Buffer, scanner: RecordScanner, wording: Wording): number {
    const context = this.#contexts.intern(bytes, scanner, this.#columns.event_context);
    const course =
      this.#columns.course < 0 ? NO_ID : this.#courses.intern(bytes, scanner, this.#columns.course);
    const courseId = this.#valueIn(bytes, wording.courseSlot);
    const moduleId = this.#valueIn(bytes, wording.moduleIdSlot);
    const isSmall = course < MAX_COURSES && courseId < MAX_IDS && moduleId < MAX_IDS;
    const key = isSmall
      ? ((course + 1) * MAX_IDS + courseId + 1) * MAX_IDS + moduleId + 1
      : `${course},${courseId},${moduleId}`;
    const places = this.#places[context] ?? new Map<number | string, number>();
    const known = places.get(key);
    if (known !== undefined) return known;
    this.#places[context] = places.set(key, this.#placeCount);
    this.#newPlaces.push({
      context: this.#contexts.textOf(context),
      course: course < 0 ? "" : this.#courses.textOf(course),
      courseId: courseId < 0 ? "" : this.#ids.textOf(courseId),
      moduleId: moduleId < 0 ? "" : this.#ids.textOf(moduleId),
    });
    return this.#placeCount++;
  }
}

function numbered(map: Map<string, number>, key: string): number {
  const known = map.get(key);
  if (known !== undefined) return known;
  map.set(key, map.size);
  return map.size - 1;
}
