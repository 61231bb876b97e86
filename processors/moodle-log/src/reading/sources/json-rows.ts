import { InputInvalidError } from "@drover/processor-sdk";
import { Tokenizer, TokenType } from "@streamparser/json";
import { JsonTables } from "./json-tables.js";
import { LONGEST_CELL, type RowSink } from "./row-sink.js";

/** One token, in characters: a cell, with every character of it escaped. */
const LONGEST_TOKEN = 6 * LONGEST_CELL;

/**
 * Reads the tables of a JSON text: arrays of arrays, as Moodle downloads them, or of objects, as databases do.
 * @param pieces the text.
 * @throws {InputInvalidError} for what is no JSON.
 */
export async function readJson(pieces: AsyncIterable<string>, sink: RowSink): Promise<void> {
  const tables = new JsonTables(sink);
  let sinceToken = 0;
  const tokenizer = new Tokenizer();
  tokenizer.onToken = ({ token, value }) => {
    sinceToken = 0;
    takeToken(tables, token, value);
  };
  tokenizer.onError = (error) => {
    throw new InputInvalidError(`It is no JSON: ${error.message}.`, { cause: error });
  };
  for await (const piece of pieces) {
    sinceToken += piece.length;
    tokenizer.write(piece);
    if (sinceToken > LONGEST_TOKEN + piece.length)
      throw new InputInvalidError("It has a value of megabytes.");
    await sink.drain();
  }
  if (!tokenizer.isEnded) tokenizer.end();
  tables.end();
}

function takeToken(tables: JsonTables, token: TokenType, value: unknown): void {
  switch (token) {
    case TokenType.LEFT_BRACE:
      return tables.open("object");
    case TokenType.LEFT_BRACKET:
      return tables.open("array");
    case TokenType.RIGHT_BRACE:
    case TokenType.RIGHT_BRACKET:
      return tables.close();
    case TokenType.COLON:
      return tables.colon();
    case TokenType.NULL:
      return tables.value("");
    case TokenType.STRING:
    case TokenType.NUMBER:
    case TokenType.TRUE:
    case TokenType.FALSE:
      return tables.value(String(value));
    default:
  }
}
