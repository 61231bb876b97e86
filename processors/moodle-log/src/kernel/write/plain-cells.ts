import { type DescriptionSlot, slotsOf } from "../../events/description-slots.js";
import type { COPIED_COLUMNS } from "../../outputs/csv-text.js";
import { DescriptionSplitter } from "../load/description-splitter.js";
import { cellText } from "../text/row-scanner.js";
import type { ExportSource } from "./export-source.js";
import type { RowText } from "./row-text.js";

/** The cells of a row that stand in an output as in the log. */
export type CopiedCells = Readonly<Record<(typeof COPIED_COLUMNS)[number], string>>;

const MOST_REMEMBERED = 10_000;

/** What was made of a text before, or is made of it now. */
export function remembered<T>(memory: Map<string, T>, key: string, make: (key: string) => T): T {
  const known = memory.get(key);
  if (known !== undefined) return known;
  if (memory.size >= MOST_REMEMBERED) memory.clear();
  const made = make(key);
  memory.set(key, made);
  return made;
}

/** The copied cells of rows as texts, as they stand in the log. */
export class PlainCells {
  readonly #source: ExportSource;
  readonly #text: RowText;
  readonly #splitter = new DescriptionSplitter();
  readonly #slots = new Map<string, readonly DescriptionSlot[]>();

  constructor(source: ExportSource, text: RowText) {
    this.#source = source;
    this.#text = text;
  }

  /** The cells of a row. */
  at(row: number): CopiedCells {
    this.#text.locate(row);
    const { columns } = this.#source.layout;
    return {
      affected_user: this.#cell(columns.affected_user),
      event_context: this.#cell(columns.event_context),
      component: this.#cell(columns.component),
      event_name: this.#cell(columns.event_name),
      description: this.#cell(columns.description),
      origin: this.#cell(columns.origin),
      ip_address: this.#cell(columns.ip_address),
    };
  }

  /** The id of the attempt that the description of the latest row names; empty when it names none. */
  get attempt(): string {
    const { buffer, scanner } = this.#text;
    const cell = this.#source.layout.columns.description;
    if (cell < 0) return "";
    const splitter = this.#splitter;
    splitter.split(buffer, scanner.starts[cell] as number, scanner.ends[cell] as number);
    const wording = splitter.wording.toString("utf8", 0, splitter.wordingLength);
    const slot = remembered(this.#slots, wording, slotsOf).indexOf("attempt");
    return slot < 0 ? "" : buffer.toString("utf8", splitter.starts[slot], splitter.ends[slot]);
  }

  #cell(cell: number): string {
    return cell < 0 ? "" : cellText(this.#text.buffer, this.#text.scanner, cell);
  }
}
