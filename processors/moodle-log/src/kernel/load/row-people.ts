import type { Wording } from "../../events/wording.js";
import { readName } from "../../people/actor.js";
import type { RecordScanner } from "../text/row-scanner.js";
import type { Layout } from "../text/text-rows.js";
import { CellInterner } from "./byte-interner.js";
import type { DescriptionSplitter } from "./description-splitter.js";
import type { TextColumn } from "./text-column.js";
import { NumberColumn } from "./tuple-interner.js";

const ZERO = 48;
const MINUS = 45;
const BLANK = 32;
const NO_ID = -1;
const NOBODY = -2;
/** Added to the user of an actor, so that it is no negative number. */
export const USER_BASE = 2;
/** Whom an event is about. */
const [NONE, SELF, OTHER] = [0, 1, 2];

/** Finds out who acts in a row, and on whom. The numbers are this object's own. */
export class RowPeople {
  /** The id of the user who acts, and `USER_BASE`; 0 for the system, 1 when the description names none. */
  user = 0;
  /** The name that goes with the user; 0 for none. */
  person = 0;
  /** 0 when nobody is told, 1 for the actor, 2 for somebody else. */
  subject = 0;
  isNobody = false;
  isLoginAs = false;
  readonly #columns: Layout["columns"];
  readonly #wantsAllNames: boolean;
  readonly #splitter: DescriptionSplitter;
  readonly #ids: CellInterner;
  readonly #names = new CellInterner();
  /** By name cell: twice the number in `#people`, and 1 for somebody logged in as somebody else. */
  readonly #readNames = new NumberColumn();
  readonly #people = new CellInterner();

  /**
   * @param log.wantsAllNames whether the names of people who never act are numbered, too.
   * @param use.ids numbers what the splitter found at a slot.
   */
  constructor(
    log: { readonly columns: Layout["columns"]; readonly wantsAllNames: boolean },
    use: { readonly splitter: DescriptionSplitter; readonly ids: CellInterner },
  ) {
    this.#columns = log.columns;
    this.#wantsAllNames = log.wantsAllNames;
    this.#splitter = use.splitter;
    this.#ids = use.ids;
  }

  /** Reads the row whose description the splitter holds. */
  read(bytes: Buffer, scanner: RecordScanner, wording: Wording): void {
    const name = this.#readName(bytes, scanner, wording);
    const user = this.#userIn(bytes, wording.userSlot);
    this.person = name >>> 1;
    this.user = (this.person === 0 ? user : Math.max(user, NO_ID)) + USER_BASE;
    this.isNobody = user === NOBODY;
    this.isLoginAs = (name & 1) === 1;
    this.subject = wording.isOwners ? SELF : this.#subjectOf(bytes, scanner, { wording, user });
    if (this.#wantsAllNames) {
      this.#nameIn(bytes, scanner, this.#columns.user_full_name);
      this.#nameIn(bytes, scanner, this.#columns.affected_user);
    }
  }

  /** Names of people that were numbered since the last call, as `readName` gives them. */
  takeNew(): TextColumn {
    return this.#people.takeNew();
  }

  /** The number of the name that goes with the user of the description, twice, and 1 for “logged in as”. */
  #readName(bytes: Buffer, scanner: RecordScanner, wording: Wording): number {
    const name = this.#nameIn(bytes, scanner, this.#columns.user_full_name);
    if (!wording.isOwners) return name;
    const owner = this.#nameIn(bytes, scanner, this.#columns.affected_user);
    return owner >>> 1 === 0 ? name : (owner & ~1) | (name & 1);
  }

  #nameIn(bytes: Buffer, scanner: RecordScanner, column: number): number {
    const cell = this.#names.intern(bytes, scanner, column);
    while (cell >= this.#readNames.length) {
      const { name, isLoginAs, behind } = readName(this.#names.textOf(this.#readNames.length));
      this.#readNames.push(this.#people.internText(name) * 2 + (isLoginAs ? 1 : 0));
      if (this.#wantsAllNames) this.#people.internText(behind);
    }
    return this.#readNames.at(cell);
  }

  /** Whom the event is about: by the ids of the description, else by the columns of names. */
  #subjectOf(
    bytes: Buffer,
    scanner: RecordScanner,
    { wording, user }: { readonly wording: Wording; readonly user: number },
  ): number {
    const related = this.#valueIn(bytes, wording.relatedSlot);
    if (related !== NO_ID && user !== NO_ID) return related === user ? SELF : OTHER;
    const nameCell = this.#columns.user_full_name;
    const affectedCell = this.#columns.affected_user;
    if (nameCell < 0 || affectedCell < 0) return NONE;
    const start = scanner.starts[affectedCell] as number;
    const end = scanner.ends[affectedCell] as number;
    const nameStart = scanner.starts[nameCell] as number;
    const nameEnd = scanner.ends[nameCell] as number;
    if (end - start <= 1 || nameEnd - nameStart <= 1) return NONE; // empty, or the dash for nobody
    // Of “Ana as Rui” it is Rui who acts, so the end of the name is compared.
    const from = nameEnd - (end - start);
    if (from < nameStart || (from > nameStart && bytes[from - 1] !== BLANK)) return OTHER;
    for (let at = start; at < end; at++) if (bytes[at] !== bytes[from + at - start]) return OTHER;
    return from === nameStart || this.#nameIn(bytes, scanner, nameCell) & 1 ? SELF : OTHER;
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
}
