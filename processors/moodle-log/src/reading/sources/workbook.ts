import { InputInvalidError } from "@drover/processor-sdk";
import { LONGEST_CELL, MOST_CELLS, type RowSink } from "./row-sink.js";
import { readWorkbookParts, TextReader, type WorkbookParts } from "./workbook-parts.js";
import { readXml, type XmlHandlers } from "./xml-reader.js";
import type { ZipArchive } from "./zip-archive.js";

/** Rows that a sheet can have. */
const MOST_ROWS = 1_048_576;
/** Day 0 of the serial numbers; with the first system, that of the days after Excel's 29 February 1900. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
/** The last day that a spreadsheet knows, in 9999. */
const LAST_DAY = 2_958_465;

/**
 * Reads the sheets of an Excel workbook (ECMA-376, SpreadsheetML) in its order. A cell that its style shows as a
 * date becomes `2024-08-22 13:43:23`; all others are taken as they are stored.
 * @param main the part in which the workbook begins.
 */
export async function readWorkbook(archive: ZipArchive, main: string, sink: RowSink): Promise<void> {
  const parts = await readWorkbookParts(archive, main);
  for (const { name, part } of parts.sheets) {
    const entry = archive.entries.get(part);
    if (entry === undefined) continue;
    sink.startTable(name, true);
    await readXml(entry.texts(), new SheetReader(parts, sink), () => sink.drain());
    sink.endTable();
  }
}

/** Reads one sheet. */
class SheetReader implements XmlHandlers {
  readonly #parts: WorkbookParts;
  readonly #sink: RowSink;
  readonly #text = new TextReader();
  #row = 0;
  #cells: string[] = [];
  /** Position, type and style of the open cell. */
  #at = -1;
  #type = "";
  #style = 0;
  #value = "";
  #isValue = false;

  constructor(parts: WorkbookParts, sink: RowSink) {
    this.#parts = parts;
    this.#sink = sink;
  }

  onOpen(name: string, attribute: (name: string) => string | undefined): void {
    if (name === "row") this.#openRow(attribute("r"));
    else if (name === "c") {
      this.#at = columnOf(attribute("r")) ?? this.#at + 1;
      this.#type = attribute("t") ?? "n";
      this.#style = Number(attribute("s") ?? 0);
      this.#value = "";
    } else if (name === "v") this.#isValue = true;
    else this.#text.open(name);
  }

  onText(text: string): void {
    if (this.#isValue) {
      if (this.#value.length < LONGEST_CELL) this.#value += text;
    } else this.#text.add(text);
  }

  onClose(name: string): void {
    if (name === "row") this.#sink.row(this.#cells, this.#row);
    else if (name === "c") this.#closeCell();
    else if (name === "v") this.#isValue = false;
    else this.#text.close(name);
  }

  #openRow(number: string | undefined): void {
    this.#row = Math.max(this.#row + 1, Number(number ?? 0) || 0);
    if (this.#row > MOST_ROWS)
      throw new InputInvalidError("It has a sheet with more rows than Excel can have.");
    this.#cells = [];
    this.#at = -1;
  }

  #closeCell(): void {
    const inline = this.#text.take();
    if (this.#at >= MOST_CELLS) return;
    while (this.#cells.length < this.#at) this.#cells.push("");
    this.#cells[this.#at] = this.#type === "inlineStr" ? inline : this.#shown();
  }

  #shown(): string {
    const value = this.#value;
    if (this.#type === "s") return this.#parts.texts.at(Number(value)) ?? "";
    if (this.#type === "d") return value.replace("T", " ");
    if (this.#type !== "n" || this.#parts.isDateStyle[this.#style] !== true) return value;
    return dateOfSerial(value, this.#parts.is1904) ?? value;
  }
}

/** Position of a cell by its address, as 27 for `AB12`; `undefined` without one. */
function columnOf(address: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(address ?? "")?.[0];
  if (letters === undefined) return undefined;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

/** A serial number as `2024-08-22 13:43:23`; `undefined` for a number that is no date. */
function dateOfSerial(text: string, is1904: boolean): string | undefined {
  const serial = Number(text);
  if (!(serial >= 1 && serial < LAST_DAY)) return undefined;
  const ms = (is1904 ? EPOCH_1904 : EPOCH_1900) + Math.round(serial * 86_400) * 1000;
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}
