import { COPIED_COLUMNS, kindCells } from "../../outputs/csv-text.js";
import { hasLevel } from "../../outputs/shown-log.js";
import { Zone } from "../../time/zone.js";
import { NO_RUN, runLength, runStart } from "../load/copied-run.js";
import { BARE_WITH_QUOTES, QUOTED, QUOTED_WITH_QUOTES } from "../text/row-scanner.js";
import { ByteWriter } from "./byte-writer.js";
import { csvCell, isFormula, needsQuotes } from "./csv-cell.js";
import { type ChunkPair, CSV_LEVEL, fileChunk, type SharedPieces } from "./deflate.js";
import { caseLabel, type ExportSource } from "./export-source.js";
import { Rfc3339Writer } from "./rfc3339.js";
import { RowText } from "./row-text.js";

const KEPT_CASE_CELLS = 4096;
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
export interface CsvChunk extends ChunkPair {
  readonly bloomRows: number;
}

/**
 * Writes pieces of the enriched CSV. Cells that are fine as they stand are copied from the text, seven at
 * once where they stand together.
 */
export class CsvRenderer {
  readonly #source: ExportSource;
  readonly #text: RowText;
  readonly #time: Rfc3339Writer;
  readonly #cells: readonly number[];
  readonly #pieces: SharedPieces;
  readonly #full = new ByteWriter(2 << 20);
  readonly #bloom = new ByteWriter(1 << 20);
  readonly #actors: (Buffer | undefined)[] = [];
  readonly #modules: Buffer[];
  readonly #hasLevel: boolean[];
  /** End of a row by kind: from the activity to the role hint, for staff and for others. */
  readonly #tails: readonly (readonly [Buffer, Buffer])[];
  readonly #places: ({ readonly course: Buffer; readonly moduleId: Buffer } | undefined)[] = [];
  /** The latest cells of cases; there can be as many cases as rows, so not all are kept. */
  readonly #caseCellOf = new Int32Array(KEPT_CASE_CELLS).fill(-1);
  readonly #caseCells: (Buffer | undefined)[] = [];

  constructor(source: ExportSource, pieces: SharedPieces) {
    this.#source = source;
    this.#pieces = pieces;
    this.#text = new RowText(source);
    this.#time = new Rfc3339Writer(new Zone(source.timezone), { milliseconds: false });
    this.#cells = COPIED_COLUMNS.map((column) => source.layout.columns[column]);
    this.#modules = source.kinds.map((kind) => Buffer.from(`,${kind.module},`));
    this.#hasLevel = source.kinds.map(hasLevel);
    this.#tails = source.kinds.map((kind) => [
      Buffer.from(kindCells(kind, false)),
      Buffer.from(kindCells(kind, true)),
    ]);
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
    return {
      rows: to - from,
      bloomRows,
      full: this.#pieces.share(fileChunk(this.#full.view(), CSV_LEVEL)),
      bloom: this.#pieces.share(fileChunk(this.#bloom.view(), CSV_LEVEL)),
    };
  }

  #row(row: number): void {
    const { rows, instants, cases, actors } = this.#source;
    const out = this.#full;
    const actor = rows.actors[row] as number;
    const kind = rows.kinds[row] as number;
    const place = this.#place(rows.places[row] as number);
    out.bytes(this.#case(cases[row] as number));
    out.bytes(this.#time.write(instants[row] as number));
    out.bytes(this.#actor(actor));
    this.#copied(row);
    out.bytes(place.course);
    out.bytes(this.#modules[kind] as Buffer);
    out.bytes(place.moduleId);
    out.bytes((this.#tails[kind] as readonly [Buffer, Buffer])[actors[actor]?.isStaff ? 1 : 0]);
    out.decimal(rows.lines[row] as number);
    out.bytes(LINE_END);
  }

  #copied(row: number): void {
    const run = this.#source.rows.runs[row] as number;
    if (run === NO_RUN) {
      this.#text.locate(row);
      for (const cell of this.#cells) this.#cell(cell);
      return;
    }
    const length = runLength(run);
    const start = this.#text.find(row, runStart(run), length);
    this.#full.range(this.#text.buffer, start, start + length);
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

  /** Followed by a comma. */
  #case(caseNumber: number): Buffer {
    const known = this.#caseCells[caseNumber % KEPT_CASE_CELLS];
    if (known !== undefined && this.#caseCellOf[caseNumber % KEPT_CASE_CELLS] === caseNumber) return known;
    const cell = Buffer.concat([this.#ownCell(caseLabel(this.#source, caseNumber)), Buffer.from(",")]);
    this.#caseCells[caseNumber % KEPT_CASE_CELLS] = cell;
    this.#caseCellOf[caseNumber % KEPT_CASE_CELLS] = caseNumber;
    return cell;
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
