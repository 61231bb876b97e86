import { ByteWriter } from "../bytes/byte-writer.js";
import { BARE, BARE_WITH_QUOTES, QUOTED, QUOTED_WITH_QUOTES } from "../reading/records.js";
import { ACTIVITIES, levelOf } from "../rules/activity.js";
import { Rfc3339Writer } from "../time/rfc3339.js";
import { Zone } from "../time/zone.js";
import { csvCell, isFormula, needsQuotes } from "./csv-cell.js";
import { deflateChunk, type FileChunk } from "./deflate.js";
import { caseLabel, type ExportSource, roleHint } from "./export-source.js";
import { RowText } from "./row-text.js";

/** The columns of the enriched CSV. */
export const CSV_COLUMNS = [
  "case_id",
  "timestamp",
  "actor",
  "affected_user",
  "event_context",
  "component",
  "event_name",
  "description",
  "origin",
  "ip_address",
  "course",
  "module_type",
  "course_module_id",
  "activity",
  "bloom_level",
  "is_active",
  "role_hint",
  "source_line",
] as const;

/** The first line of the enriched CSV. */
export const CSV_HEADER = `${CSV_COLUMNS.join(",")}\r\n`;

const COPIED_COLUMNS = [
  "affected_user",
  "event_context",
  "component",
  "event_name",
  "description",
  "origin",
  "ip_address",
] as const;
const COMMA = 44;
const QUOTE = 34;
const APOSTROPHE = 39;
const LINE_END = Buffer.from("\r\n");

/** The rows `timeOrder[from, to)`. */
export interface CsvRequest {
  readonly from: number;
  readonly to: number;
}

/** A piece of both CSV files. */
export interface CsvChunk extends FileChunk {
  readonly bloomPlain: Uint8Array<ArrayBuffer>;
  readonly bloomDeflated: Uint8Array<ArrayBuffer>;
  readonly bloomRows: number;
}

/** Writes pieces of the enriched CSV. Cells that are fine as they stand are copied from the text, seven at once where they stand together. */
export class CsvRenderer {
  readonly #source: ExportSource;
  readonly #text: RowText;
  readonly #time: Rfc3339Writer;
  readonly #cells: readonly number[];
  /** Whether the copied columns stand together and between commas. */
  readonly #canCopyRun: boolean;
  readonly #full = new ByteWriter(4 << 20);
  readonly #bloom = new ByteWriter(2 << 20);
  readonly #actors: (Buffer | undefined)[] = [];
  readonly #modules: Buffer[];
  readonly #hasLevel: boolean[];
  /** End of a row by kind: from the activity to the role hint, for staff and for others. */
  readonly #tails: readonly (readonly [Buffer, Buffer])[];
  readonly #places: ({ readonly course: Buffer; readonly moduleId: Buffer } | undefined)[] = [];
  #caseNumber = -1;
  #caseCell: Buffer = Buffer.alloc(0);

  constructor(source: ExportSource) {
    this.#source = source;
    this.#text = new RowText(source);
    this.#time = new Rfc3339Writer(new Zone(source.timezone), { milliseconds: false });
    this.#cells = COPIED_COLUMNS.map((column) => source.layout.columns[column]);
    this.#canCopyRun =
      source.layout.delimiter === COMMA &&
      this.#cells.every((cell, i) => cell >= 0 && cell === (this.#cells[0] as number) + i);
    this.#modules = source.kinds.map((kind) => Buffer.from(`,${kind.module},`));
    this.#hasLevel = source.kinds.map((kind) => ACTIVITIES[kind.activity].level !== undefined);
    this.#tails = source.kinds.map((kind) => [tailOf(kind, false), tailOf(kind, true)]);
  }

  close(): void {
    this.#text.close();
  }

  render({ from, to }: CsvRequest): CsvChunk {
    const { timeOrder, rows } = this.#source;
    this.#full.clear();
    this.#bloom.clear();
    let bloomRows = 0;
    this.#text.open(timeOrder, from, to);
    for (let i = from; i < to; i++) {
      const row = timeOrder[i] as number;
      const start = this.#full.length;
      this.#row(row);
      if (!this.#hasLevel[rows.kinds[row] as number]) continue;
      this.#bloom.tailOf(this.#full, start);
      bloomRows++;
    }
    const level = this.#source.compressionLevel;
    return {
      rows: to - from,
      bloomRows,
      plain: new Uint8Array(this.#full.view()),
      bloomPlain: new Uint8Array(this.#bloom.view()),
      deflated: deflateChunk(this.#full.view(), level),
      bloomDeflated: deflateChunk(this.#bloom.view(), level),
    };
  }

  #row(row: number): void {
    const { rows, instants, cases, actors } = this.#source;
    const out = this.#full;
    const actor = rows.actors[row] as number;
    const kind = rows.kinds[row] as number;
    const place = this.#place(rows.places[row] as number);
    this.#text.locate(row);
    out.bytes(this.#case(cases[row] as number));
    out.bytes(this.#time.write(instants[row] as number));
    out.bytes(this.#actor(actor));
    if (this.#isCopyable()) this.#copyRun();
    else for (const cell of this.#cells) this.#cell(cell);
    out.bytes(place.course);
    out.bytes(this.#modules[kind] as Buffer);
    out.bytes(place.moduleId);
    out.bytes((this.#tails[kind] as readonly [Buffer, Buffer])[actors[actor]?.isStaff ? 1 : 0]);
    out.decimal(rows.lines[row] as number);
    out.bytes(LINE_END);
  }

  #isCopyable(): boolean {
    if (!this.#canCopyRun) return false;
    const { starts, ends, quoting } = this.#text.scanner;
    const neutralizes = this.#source.neutralizesFormulas;
    for (let cell = this.#cells[0] as number; cell <= (this.#cells[6] as number); cell++) {
      if (quoting[cell] === BARE_WITH_QUOTES) return false;
      if (neutralizes && isFormula(this.#text.buffer, starts[cell] as number, ends[cell] as number))
        return false;
    }
    return true;
  }

  #copyRun(): void {
    const { starts, ends, quoting } = this.#text.scanner;
    const [first, last] = [this.#cells[0] as number, this.#cells[6] as number];
    const start = (starts[first] as number) - (quoting[first] === BARE ? 0 : 1);
    this.#full.range(this.#text.buffer, start, (ends[last] as number) + (quoting[last] === BARE ? 0 : 1));
    this.#full.byte(COMMA);
  }

  #cell(cell: number): void {
    const out = this.#full;
    if (cell >= 0) {
      const { buffer, scanner } = this.#text;
      const start = scanner.starts[cell] as number;
      const end = scanner.ends[cell] as number;
      const quoting = scanner.quoting[cell];
      const isQuoted = quoting === QUOTED || quoting === QUOTED_WITH_QUOTES;
      const quotes = isQuoted || needsQuotes(buffer, start, end);
      if (quotes) out.byte(QUOTE);
      if (this.#source.neutralizesFormulas && isFormula(buffer, start, end)) out.byte(APOSTROPHE);
      if (quoting === BARE_WITH_QUOTES) out.text(buffer.toString("utf8", start, end).replaceAll('"', '""'));
      else out.range(buffer, start, end);
      if (quotes) out.byte(QUOTE);
    }
    out.byte(COMMA);
  }

  #case(caseNumber: number): Buffer {
    if (caseNumber === this.#caseNumber) return this.#caseCell;
    const { caseLabels } = this.#source;
    this.#caseNumber = caseNumber;
    this.#caseCell =
      caseLabels.by === "user"
        ? this.#actor(caseLabels.actors[caseNumber] as number).subarray(1)
        : Buffer.concat([this.#ownCell(caseLabel(this.#source, caseNumber)), Buffer.from(",")]);
    return this.#caseCell;
  }

  /** Between commas. */
  #actor(actor: number): Buffer {
    const known = this.#actors[actor];
    if (known !== undefined) return known;
    const cell = Buffer.concat([
      Buffer.from(","),
      this.#ownCell(this.#source.actors[actor]?.label ?? ""),
      Buffer.from(","),
    ]);
    this.#actors[actor] = cell;
    return cell;
  }

  #place(place: number): { readonly course: Buffer; readonly moduleId: Buffer } {
    const known = this.#places[place];
    if (known !== undefined) return known;
    const shown = this.#source.places[place];
    const cells = {
      course: this.#ownCell(shown?.course ?? ""),
      moduleId: this.#ownCell(shown?.moduleId ?? ""),
    };
    this.#places[place] = cells;
    return cells;
  }

  #ownCell(text: string): Buffer {
    return csvCell(text, this.#source.neutralizesFormulas);
  }
}

function tailOf(kind: ExportSource["kinds"][number], isStaff: boolean): Buffer {
  const { isActive } = ACTIVITIES[kind.activity];
  return Buffer.from(
    `,${kind.activity},${levelOf(kind.activity)},${isActive ?? ""},${roleHint(kind, isStaff)},`,
  );
}
