import { type DescriptionSlot, slotsOf } from "../../events/description-slots.js";
import type { NamedPerson } from "../../people/known-names.js";
import { Pseudonyms } from "../../people/pseudonyms.js";
import { namedPeople } from "../load/actor-table.js";
import { DescriptionSplitter, LONGEST_DESCRIPTION, MAX_SLOTS } from "../load/description-splitter.js";
import { textAt } from "../load/text-column.js";
import { cellText, QUOTED_WITH_QUOTES } from "../text/row-scanner.js";
import type { ExportSource, PseudonymColumns } from "./export-source.js";
import { type CopiedCells, remembered } from "./plain-cells.js";
import type { RowText } from "./row-text.js";

/** What Moodle writes as Origin. */
const ORIGINS = /^(?:web|ws|cli|cron|restore)?$/i;

/**
 * The copied cells of rows without what tells a person: names and ids are pseudonyms, addresses are left out, and so is
 * whatever cannot be told to be harmless. Of a description the wording stays, and the numbers of courses and
 * activities; every other value becomes a code, the same for the same value.
 */
export class PseudonymousCells {
  readonly #source: ExportSource;
  readonly #text: RowText;
  readonly #pseudonyms: Pseudonyms;
  readonly #splitter = new DescriptionSplitter();
  readonly #slots = new Map<string, readonly DescriptionSlot[]>();
  readonly #wordings = new Map<string, string>();
  #given: NamedPerson[] = [];
  #attempt = "";

  constructor(source: ExportSource, text: RowText, { salt, names }: PseudonymColumns) {
    this.#source = source;
    this.#text = text;
    const onGiven = (person: NamedPerson) => this.#given.push(person);
    this.#pseudonyms = new Pseudonyms({ salt, people: namedPeople(names), onGiven });
  }

  /** The id of the attempt that the description of the latest row names, as a code. */
  get attempt(): string {
    return this.#attempt;
  }

  /** Who was given a pseudonym since the last call. */
  takeGiven(): NamedPerson[] {
    const given = this.#given;
    this.#given = [];
    return given;
  }

  /** The cells of a row, as texts. */
  at(row: number): CopiedCells {
    const { rows, places, kinds, layout } = this.#source;
    this.#text.locate(row);
    const kind = kinds[rows.kinds[row] as number];
    const context = places.contextOf[rows.places[row] as number] as number;
    const origin = this.#cell(layout.columns.origin);
    return {
      affected_user: this.#pseudonyms.inNameCell(this.#cell(layout.columns.affected_user)),
      event_context: textAt(places.contexts, context),
      component: kind?.component ?? "",
      event_name: kind?.eventName ?? "",
      description: this.#description(layout.columns.description),
      origin: ORIGINS.test(origin) ? origin : "",
      ip_address: "",
    };
  }

  #cell(cell: number): string {
    return cell < 0 ? "" : cellText(this.#text.buffer, this.#text.scanner, cell);
  }

  /** The text of a part of a cell. */
  #part(cell: number, start: number, end: number): string {
    const text = this.#text.buffer.toString("utf8", start, end);
    return this.#text.scanner.quoting[cell] === QUOTED_WITH_QUOTES ? text.replaceAll('""', '"') : text;
  }

  #description(cell: number): string {
    if (cell < 0) return "";
    const { buffer, scanner } = this.#text;
    const [from, to] = [scanner.starts[cell] as number, scanner.ends[cell] as number];
    const splitter = this.#splitter;
    splitter.split(buffer, from, to);
    const slots = this.#slotsOf(splitter.wording.toString("utf8", 0, splitter.wordingLength));
    let shown = "";
    let at = from;
    this.#attempt = "";
    for (let slot = 0; slot < splitter.count; slot++) {
      const [start, end] = [splitter.starts[slot] as number, splitter.ends[slot] as number];
      shown += this.#wordsOf(this.#part(cell, at, start));
      const value = this.#value(slots[slot] ?? "other", this.#part(cell, start, end));
      if (slots[slot] === "attempt") this.#attempt = value;
      shown += value;
      at = end;
    }
    // What was not looked at may hold anything.
    const isWhole = to - from <= LONGEST_DESCRIPTION && splitter.count < MAX_SLOTS;
    return isWhole ? shown + this.#wordsOf(this.#part(cell, at, to)) : `${shown} …`;
  }

  #slotsOf(wording: string): readonly DescriptionSlot[] {
    return remembered(this.#slots, wording, slotsOf);
  }

  #wordsOf(words: string): string {
    return remembered(this.#wordings, words, (text) => this.#pseudonyms.inText(text));
  }

  #value(slot: DescriptionSlot, value: string): string {
    const isNumber = /^\d+$/.test(value);
    if (slot === "place" && isNumber) return value;
    if (slot !== "user") return this.#pseudonyms.ofValue(value);
    if (/^(?:|0|-1)$/.test(value)) return value; // the system or a guest
    return isNumber ? this.#pseudonyms.ofUser(value) : this.#pseudonyms.ofName(value);
  }
}
