import { InputInvalidError } from "@drover/processor-sdk";
import { Parser } from "htmlparser2";
import { LONGEST_CELL, MOST_CELLS, type RowSink } from "./row-sink.js";

/** Between two tags, in characters. */
const LONGEST_PART = 4 * LONGEST_CELL;
const CELLS = new Set(["td", "th"]);
const NOT_SHOWN = new Set(["script", "style", "template"]);

/** Reads the tables of a web page in its order; a table in a cell of another is text of that cell. */
export async function readHtml(pieces: AsyncIterable<string>, sink: RowSink): Promise<void> {
  const reader = new TableReader(sink);
  let sincePart = 0;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        sincePart = 0;
        reader.open(name, attributes["colspan"]);
      },
      onclosetag(name) {
        sincePart = 0;
        reader.close(name);
      },
      ontext: (text) => reader.text(text),
    },
    { decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true },
  );
  for await (const piece of pieces) {
    sincePart += piece.length;
    parser.write(piece);
    if (sincePart > LONGEST_PART + piece.length) throw new InputInvalidError("It has a text of megabytes.");
    await sink.drain();
  }
  parser.end();
  reader.end();
}

class TableReader {
  readonly #sink: RowSink;
  #depth = 0;
  #hidden = 0;
  #rows = 0;
  #cells: string[] = [];
  #span = 1;
  /** Text of the open cell; `undefined` outside of one. */
  #text: string | undefined;

  constructor(sink: RowSink) {
    this.#sink = sink;
  }

  open(name: string, span: string | undefined): void {
    if (NOT_SHOWN.has(name)) this.#hidden++;
    else if (name === "table" && ++this.#depth === 1) {
      this.#rows = 0;
      this.#sink.startTable("", true);
    } else if (this.#depth !== 1) return;
    else if (name === "tr") this.#endRow();
    else if (CELLS.has(name)) {
      this.#endCell();
      this.#text = "";
      this.#span = Math.min(MOST_CELLS, Math.max(1, Number(span ?? 1) || 1));
    } else if (name === "br") this.text(" ");
  }

  close(name: string): void {
    if (NOT_SHOWN.has(name)) this.#hidden--;
    else if (name === "table" && this.#depth > 0 && --this.#depth === 0) this.#endTable();
    else if (this.#depth !== 1) return;
    else if (name === "tr") this.#endRow();
    else if (CELLS.has(name)) this.#endCell();
  }

  text(text: string): void {
    if (this.#text !== undefined && this.#hidden === 0 && this.#text.length < LONGEST_CELL)
      this.#text += text;
  }

  /** Ends a table that the page did not. */
  end(): void {
    if (this.#depth > 0) this.#endTable();
  }

  #endCell(): void {
    if (this.#text === undefined) return;
    const shown = this.#text.replace(/\s+/g, " ").trim();
    this.#text = undefined;
    for (let i = 0; i < this.#span && this.#cells.length < MOST_CELLS; i++)
      this.#cells.push(i === 0 ? shown : "");
  }

  #endRow(): void {
    this.#endCell();
    if (this.#cells.length > 0) this.#sink.row(this.#cells, ++this.#rows);
    this.#cells = [];
  }

  #endTable(): void {
    this.#endRow();
    this.#sink.endTable();
  }
}
