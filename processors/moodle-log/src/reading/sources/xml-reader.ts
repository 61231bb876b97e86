import { InputInvalidError } from "@drover/processor-sdk";
import { SaxesParser, type SaxesTagPlain } from "saxes";
import { LONGEST_CELL } from "./row-sink.js";

/** How deep elements may lie in each other: a sheet stays below 20. */
const MOST_DEPTH = 200;
/** Text between two elements, or an element with its attributes, in characters. */
const LONGEST_PART = 4 * LONGEST_CELL;

/** Is told of the elements of an XML text; names are without their prefix. */
export interface XmlHandlers {
  onOpen?(name: string, attribute: (name: string) => string | undefined): void;
  onClose?(name: string): void;
  onText?(text: string): void;
}

/**
 * Reads XML in pieces, in bounded memory: no DOCTYPE, so no entity of its own, and no part without a bound.
 * @param onPiece awaited after each piece.
 * @throws {InputInvalidError} for what no spreadsheet writes, `Error` for what is no XML.
 */
export async function readXml(
  pieces: AsyncIterable<string>,
  handlers: XmlHandlers,
  onPiece: () => Promise<void> = async () => {},
): Promise<void> {
  let depth = 0;
  let sincePart = 0;
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("doctype", () => {
    throw new InputInvalidError("Its XML has a DOCTYPE, which no spreadsheet writes.");
  });
  parser.on("opentag", (tag: SaxesTagPlain) => {
    sincePart = 0;
    if (++depth > MOST_DEPTH) throw new InputInvalidError(`Its XML nests more than ${MOST_DEPTH} elements.`);
    handlers.onOpen?.(localName(tag.name), (name) => attributeOf(tag, name));
  });
  parser.on("closetag", (tag: SaxesTagPlain) => {
    sincePart = 0;
    depth--;
    handlers.onClose?.(localName(tag.name));
  });
  parser.on("text", (text) => handlers.onText?.(text));
  for await (const piece of pieces) {
    sincePart += piece.length;
    parser.write(piece);
    if (sincePart > LONGEST_PART + piece.length) {
      throw new InputInvalidError("It has a cell longer than any spreadsheet can hold.");
    }
    await onPiece();
  }
  parser.close();
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function attributeOf({ attributes }: SaxesTagPlain, name: string): string | undefined {
  const own = attributes[name];
  if (own !== undefined) return own;
  const key = Object.keys(attributes).find((candidate) => localName(candidate) === name);
  return key === undefined ? undefined : attributes[key];
}
