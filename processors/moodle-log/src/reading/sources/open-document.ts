import { InputInvalidError } from "@drover/processor-sdk";
import { LONGEST_CELL, MOST_CELLS, type RowSink } from "./row-sink.js";
import { readXml, type XmlHandlers } from "./xml-reader.js";
import type { ArchiveEntry } from "./zip-archive.js";

/** Rows that a sheet can have, blank ones among them. */
const MOST_ROWS = 1_048_576;
/** The same row may be said to come up so many times: a log repeats hardly any. */
const MOST_REPEATED = 1_000;

/**
 * Reads the sheets of an OpenDocument spreadsheet (ODF 1.2). A cell that is a date becomes `2024-08-22 13:43:23`;
 * all others are taken as they are shown.
 * @param content the part `content.xml`.
 */
export async function readOpenDocument(content: ArchiveEntry, sink: RowSink): Promise<void> {
  await readXml(content.texts(), new ContentReader(sink), () => sink.drain());
}

class ContentReader implements XmlHandlers {
  readonly #sink: RowSink;
  #row = 0;
  #rowTimes = 1;
  #cells: string[] = [];
  #cellTimes = 1;
  /** What the open cell shows; `undefined` outside of one. */
  #text: string | undefined;
  #date: string | undefined;
  #paragraphs = 0;
  #isParagraph = false;
  /** Comments have paragraphs, too. */
  #comment = 0;

  constructor(sink: RowSink) {
    this.#sink = sink;
  }

  onOpen(name: string, attribute: (name: string) => string | undefined): void {
    if (name === "annotation") this.#comment++;
    else if (name === "table") {
      this.#row = 0;
      this.#sink.startTable(attribute("name") ?? "", true);
    } else if (name === "table-row") {
      this.#rowTimes = timesOf(attribute("number-rows-repeated"));
      this.#cells = [];
    } else if (name === "table-cell" || name === "covered-table-cell") {
      this.#cellTimes = timesOf(attribute("number-columns-repeated"));
      this.#date = attribute("date-value")?.replace("T", " ");
      this.#text = "";
      this.#paragraphs = 0;
    } else if (this.#text !== undefined && this.#comment === 0) this.#openText(name, attribute);
  }

  onText(text: string): void {
    if (this.#isParagraph && this.#comment === 0) this.#add(text);
  }

  onClose(name: string): void {
    if (name === "annotation") this.#comment--;
    else if (name === "p" && this.#comment === 0) this.#isParagraph = false;
    else if (name === "table-cell" || name === "covered-table-cell") this.#closeCell();
    else if (name === "table-row") this.#closeRow();
    else if (name === "table") this.#sink.endTable();
  }

  #openText(name: string, attribute: (name: string) => string | undefined): void {
    if (name === "p") {
      if (this.#paragraphs++ > 0) this.#add("\n");
      this.#isParagraph = true;
    } else if (name === "s") this.#add(" ".repeat(Math.min(timesOf(attribute("c")), LONGEST_CELL)));
    else if (name === "tab") this.#add("\t");
    else if (name === "line-break") this.#add("\n");
  }

  #add(text: string): void {
    if (this.#text !== undefined && this.#text.length < LONGEST_CELL) this.#text += text;
  }

  #closeCell(): void {
    const shown = this.#date ?? this.#text ?? "";
    this.#text = undefined;
    for (let i = 0; i < this.#cellTimes && this.#cells.length < MOST_CELLS; i++) this.#cells.push(shown);
  }

  #closeRow(): void {
    const times = this.#rowTimes;
    // Sheets end with blank rows up to the last that there can be.
    const isBlank = this.#cells.every((cell) => cell === "");
    if (!isBlank && times > MOST_REPEATED) {
      throw new InputInvalidError(`It repeats one row ${times} times, which no log does.`);
    }
    if (!isBlank && this.#row + times > MOST_ROWS) {
      throw new InputInvalidError("It has a sheet with more rows than there can be.");
    }
    if (!isBlank) for (let i = 1; i <= times; i++) this.#sink.row(this.#cells, this.#row + i);
    this.#row += times;
  }
}

function timesOf(text: string | undefined): number {
  const times = Number(text ?? 1);
  return Number.isInteger(times) && times > 0 ? Math.min(times, 10 * MOST_ROWS) : 1;
}
