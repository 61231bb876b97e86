import { InputInvalidError } from "@drover/processor-sdk";
import { Tokenizer, TokenType } from "@streamparser/json";
import { LONGEST_CELL, MOST_CELLS, type RowSink } from "./row-sink.js";

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

const MOST_DEPTH = 100;
/** Objects of which the names are gathered before the first is handed on: not every one has all. */
const GATHERED_OBJECTS = 100;

/** An array or object that is open. */
interface Level {
  readonly kind: "array" | "object";
  /** The name under which it stands; empty in an array. */
  readonly name: string;
  /** Whether it may be a row: it is an element of an array. */
  readonly isCandidate: boolean;
  /** Whether it is part of a row's value, which is left out. */
  readonly isSkipped: boolean;
  /** The values in it that are neither array nor object; of an object by name. */
  readonly cells: Map<string, string>;
  /** The value that came last, which is a name when a colon follows. */
  latest: string;
  hasName: boolean;
}

/** Finds the tables in a JSON text from its tokens, however deep they lie, and hands on their rows. */
class JsonTables {
  readonly #sink: RowSink;
  readonly #levels: Level[] = [];
  /** The array whose elements are the rows of the open table. */
  #table: Level | undefined;
  #rows = 0;
  #names: readonly string[] | undefined;
  #gathered: Map<string, string>[] = [];

  constructor(sink: RowSink) {
    this.#sink = sink;
  }

  open(kind: Level["kind"]): void {
    const parent = this.#levels.at(-1);
    if (this.#levels.length >= MOST_DEPTH) {
      throw new InputInvalidError(`It nests more than ${MOST_DEPTH} arrays and objects.`);
    }
    const isPartOfRow =
      parent?.isCandidate === true && (parent.kind === "object" ? kind === "object" : parent.cells.size > 0);
    const isSkipped = parent !== undefined && (parent.isSkipped || isPartOfRow);
    this.#levels.push({
      kind,
      name: parent?.kind === "object" ? parent.latest : "",
      isCandidate: parent?.kind === "array" && !isSkipped,
      isSkipped,
      cells: new Map(),
      latest: "",
      hasName: false,
    });
    if (parent !== undefined) parent.hasName = false;
  }

  close(): void {
    const closed = this.#levels.pop();
    const parent = this.#levels.at(-1);
    if (closed === undefined) return;
    if (closed === this.#table) this.#endTable();
    if (parent !== undefined && closed.isCandidate && closed.cells.size > 0) this.#row(closed, parent);
  }

  /** The value before it was a name. */
  colon(): void {
    const level = this.#levels.at(-1);
    if (level !== undefined) level.hasName = true;
  }

  value(text: string): void {
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    if (text.length > LONGEST_CELL) throw new InputInvalidError("It has a value of megabytes.");
    if (level.kind === "object" && !level.hasName) level.latest = text;
    else if (level.isCandidate && level.cells.size < MOST_CELLS) {
      level.cells.set(level.kind === "object" ? level.latest : String(level.cells.size), text);
    }
    level.hasName = false;
  }

  /** Ends what is open. */
  end(): void {
    this.#endTable();
  }

  #row({ kind, cells }: Level, table: Level): void {
    if (table !== this.#table) {
      this.#endTable();
      this.#table = table;
      this.#sink.startTable(table.name, true);
    }
    if (kind === "array") {
      this.#flush();
      this.#sink.row([...cells.values()], ++this.#rows);
    } else if (this.#names === undefined) {
      this.#gathered.push(cells);
      if (this.#gathered.length >= GATHERED_OBJECTS) this.#flush();
    } else this.#object(cells, this.#names);
  }

  #object(cells: ReadonlyMap<string, string>, names: readonly string[]): void {
    this.#sink.row(
      names.map((name) => cells.get(name) ?? ""),
      ++this.#rows,
    );
  }

  /** Hands on the objects that were gathered, below a row of their names. */
  #flush(): void {
    const gathered = this.#gathered;
    if (gathered.length === 0) return;
    this.#gathered = [];
    const names = [...new Set(gathered.flatMap((cells) => [...cells.keys()]))].slice(0, MOST_CELLS);
    this.#names = names;
    this.#sink.row(names, 0);
    for (const cells of gathered) this.#object(cells, names);
  }

  #endTable(): void {
    if (this.#table === undefined) return;
    this.#flush();
    this.#sink.endTable();
    this.#table = undefined;
    this.#names = undefined;
    this.#rows = 0;
  }
}
