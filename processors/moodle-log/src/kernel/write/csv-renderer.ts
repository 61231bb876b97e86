import { COPIED_COLUMNS, groupCells, kindCells } from "../../outputs/csv-text.js";
import { hasLevel, type ShownKind, STANDINGS } from "../../outputs/shown-log.js";
import type { NamedPerson } from "../../people/known-names.js";
import { Zone } from "../../time/zone.js";
import { partAt } from "../arrange/grouped-events.js";
import { NO_RUN, runLength, runStart } from "../load/copied-run.js";
import { textAt, textCount } from "../load/text-column.js";
import { BARE_WITH_QUOTES, QUOTED, QUOTED_WITH_QUOTES } from "../text/row-scanner.js";
import { ByteWriter } from "./byte-writer.js";
import { csvText, isFormula, needsQuotes } from "./csv-cell.js";
import { caseLabel, type ExportSource, standingAt } from "./export-source.js";
import { Fragments } from "./fragments.js";
import { type PairMemory, type PiecePair, piecePair } from "./piece-pair.js";
import type { CopiedCells } from "./plain-cells.js";
import { PseudonymousCells } from "./pseudonymous-cells.js";
import { Rfc3339Writer } from "./rfc3339.js";
import { RowText } from "./row-text.js";

const KEEP_BYTES = 4 << 20;
const COMMA = 44;
const QUOTE = 34;
const APOSTROPHE = 39;
const LINE_END = Buffer.from("\r\n");

/** The rows `timeOrder[from, to)`. */
export interface CsvRequest {
  readonly from: number;
  readonly to: number;
  /** For the piece. */
  readonly memory: PairMemory;
}

/** A piece of both CSV files. */
export interface CsvPiece extends PiecePair {
  readonly bloomRows: number;
  /** Who is named in its pseudonymous cells, for the first time on this thread. */
  readonly people: readonly NamedPerson[];
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
  readonly #full = new ByteWriter(2 << 20, KEEP_BYTES);
  readonly #bloom = new ByteWriter(1 << 20);
  readonly #hasLevel: readonly boolean[];
  /** Each with the commas around it. */
  readonly #cases: Fragments;
  readonly #actors: Fragments;
  readonly #courses: Fragments;
  readonly #modules: Fragments;
  readonly #moduleIds: Fragments;
  /** By kind and standing: from the activity to the role hint. */
  readonly #tails: Fragments;
  /** Full names, with the comma before them. */
  readonly #names: Fragments | undefined;
  readonly #pseudonymous: PseudonymousCells | undefined;

  constructor(source: ExportSource) {
    this.#source = source;
    this.#text = new RowText(source);
    this.#time = new Rfc3339Writer(new Zone(source.timezone), { milliseconds: false });
    this.#cells = COPIED_COLUMNS.map((column) => source.layout.columns[column]);
    this.#hasLevel = source.kinds.map(hasLevel);
    const { kinds, actors, caseLabels, places, names, pseudonyms } = source;
    const own = (text: string) => csvText(text, source.neutralizesFormulas);
    const fragments = (count: number, textOf: (number: number) => string) =>
      new Fragments(this.#full, count, (number) => ({ text: textOf(number) }));
    this.#cases = fragments(caseLabels.actors.length, (number) => `${own(caseLabel(source, number))},`);
    this.#actors = fragments(textCount(actors), (actor) => `,${own(textAt(actors, actor))},`);
    this.#courses = fragments(textCount(places.courses), (course) => own(textAt(places.courses, course)));
    this.#modules = fragments(kinds.length, (kind) => `,${kinds[kind]?.module},`);
    this.#moduleIds = fragments(textCount(places.moduleIds), (id) => own(textAt(places.moduleIds, id)));
    this.#tails = fragments(STANDINGS.length * kinds.length, (of) => {
      return kindCells(kinds[Math.floor(of / STANDINGS.length)] as ShownKind, standingAt(of));
    });
    if (names !== undefined)
      this.#names = fragments(textCount(names.texts), (name) => `,${own(textAt(names.texts, name))}`);
    if (pseudonyms !== undefined) this.#pseudonymous = new PseudonymousCells(source, this.#text, pseudonyms);
  }

  close(): void {
    this.#text.close();
  }

  render({ from, to, memory }: CsvRequest): CsvPiece {
    const { timeOrder, rows } = this.#source;
    this.#full.clear();
    this.#bloom.clear();
    let bloomRows = 0;
    this.#text.open(timeOrder, from, to);
    let bloomStart = 0;
    for (let i = from; i < to; i++) {
      const row = timeOrder[i] as number;
      const start = this.#full.length;
      this.#row(row);
      if (this.#hasLevel[rows.kinds[row] as number]) bloomRows++;
      else {
        this.#bloom.part(this.#full, bloomStart, start);
        bloomStart = this.#full.length;
      }
    }
    this.#bloom.part(this.#full, bloomStart, this.#full.length);
    const people = this.#pseudonymous?.takeGiven() ?? [];
    return { ...piecePair(to - from, { full: this.#full, bloom: this.#bloom }, memory), bloomRows, people };
  }

  #row(row: number): void {
    const { rows, instants, cases, standings, places, names, groups } = this.#source;
    const out = this.#full;
    const actor = rows.actors[row] as number;
    const kind = rows.kinds[row] as number;
    const place = rows.places[row] as number;
    this.#cases.append(cases[row] as number);
    out.bytes(this.#time.write(instants[row] as number));
    this.#actors.append(actor);
    this.#copied(row);
    this.#courses.append(places.courseOf[place] as number);
    this.#modules.append(kind);
    this.#moduleIds.append(places.moduleIdOf[place] as number);
    this.#tails.append(STANDINGS.length * kind + (standings[actor] as number));
    out.decimal(rows.lines[row] as number);
    if (names !== undefined) this.#names?.append(names.ofActor[actor] as number);
    if (groups !== undefined) out.text(groupCells(partAt(groups, row, kind)));
    out.bytes(LINE_END);
  }

  #copied(row: number): void {
    if (this.#pseudonymous !== undefined) return this.#replaced(this.#pseudonymous.at(row));
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

  #replaced(cells: CopiedCells): void {
    for (const column of COPIED_COLUMNS)
      this.#full.text(`${csvText(cells[column], this.#source.neutralizesFormulas)},`);
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
}
