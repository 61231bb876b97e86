import { posix } from "node:path";
import { InputInvalidError } from "@drover/processor-sdk";
import { StoredTexts } from "../../kernel/index.js";
import { LONGEST_CELL } from "./row-sink.js";
import { readXml } from "./xml-reader.js";
import type { ZipArchive } from "./zip-archive.js";

/** Bytes of distinct texts: a million descriptions are 150 MB. */
const MOST_TEXT_BYTES = 256 * 1024 ** 2;
const MOST_SHEETS = 1_000;
const MOST_STYLES = 100_000;
/** Numbers of Excel's own formats that show a date; those of a time alone are among them. */
const DATE_FORMATS: readonly (readonly [number, number])[] = [
  [14, 22],
  [27, 36],
  [45, 47],
  [50, 58],
];

/** A sheet of a workbook: its name, and its part in the archive. */
export interface Sheet {
  readonly name: string;
  readonly part: string;
}

/** What the cells of all sheets of a workbook refer to. */
export interface WorkbookParts {
  readonly sheets: readonly Sheet[];
  /** Whether days are counted from 1904. */
  readonly is1904: boolean;
  /** By style of a cell: whether it shows a date. */
  readonly isDateStyle: readonly boolean[];
  readonly texts: StoredTexts;
}

/** The part of an archive in which an Office document begins; `undefined` when it is none. */
export async function mainPart(archive: ZipArchive): Promise<string | undefined> {
  const relations = await relationsOf(archive, "");
  return [...relations.values()].find(({ type }) => type.endsWith("/officeDocument"))?.target;
}

/** Reads everything of a workbook but its sheets. */
export async function readWorkbookParts(archive: ZipArchive, main: string): Promise<WorkbookParts> {
  const relations = await relationsOf(archive, main);
  const sheets: Sheet[] = [];
  let is1904 = false;
  await readPart(archive, main, (name, attribute) => {
    if (name === "workbookPr") is1904 = /^(1|true)$/.test(attribute("date1904") ?? "");
    const part = name === "sheet" ? relations.get(attribute("id") ?? "")?.target : undefined;
    if (part === undefined) return;
    if (sheets.push({ name: attribute("name") ?? "", part }) > MOST_SHEETS) {
      throw new InputInvalidError(`It has more than ${MOST_SHEETS} sheets.`);
    }
  });
  const partOf = (type: string) => [...relations.values()].find((r) => r.type.endsWith(type))?.target;
  return {
    sheets,
    is1904,
    isDateStyle: await readStyles(archive, partOf("/styles")),
    texts: await readTexts(archive, partOf("/sharedStrings")),
  };
}

interface Relation {
  readonly type: string;
  /** Name of the part in the archive. */
  readonly target: string;
}

/** What a part refers to, by id; `""` is the archive itself. */
async function relationsOf(archive: ZipArchive, part: string): Promise<ReadonlyMap<string, Relation>> {
  const folder = posix.dirname(`/${part}`);
  const relations = new Map<string, Relation>();
  const name = posix.join(folder, "_rels", `${posix.basename(part)}.rels`).slice(1);
  await readPart(archive, name, (element, attribute) => {
    if (element !== "Relationship" || relations.size >= MOST_SHEETS * 2) return;
    const target = posix.resolve(folder, attribute("Target") ?? "").slice(1);
    relations.set(attribute("Id") ?? "", { type: attribute("Type") ?? "", target });
  });
  return relations;
}

async function readPart(
  archive: ZipArchive,
  part: string,
  onOpen: (name: string, attribute: (name: string) => string | undefined) => void,
): Promise<void> {
  const entry = archive.entries.get(part);
  if (entry !== undefined) await readXml(entry.texts(), { onOpen });
}

async function readStyles(archive: ZipArchive, part: string | undefined): Promise<readonly boolean[]> {
  const codes = new Map<number, string>();
  const isDateStyle: boolean[] = [];
  let isInCells = false;
  const entry = archive.entries.get(part ?? "");
  if (entry === undefined) return [];
  await readXml(entry.texts(), {
    onOpen(name, attribute) {
      if (codes.size > MOST_STYLES || isDateStyle.length > MOST_STYLES) {
        throw new InputInvalidError(`It has more than ${MOST_STYLES} cell styles.`);
      }
      if (name === "numFmt") codes.set(Number(attribute("numFmtId")), attribute("formatCode") ?? "");
      else if (name === "cellXfs") isInCells = true;
      else if (name === "xf" && isInCells)
        isDateStyle.push(isDateFormat(Number(attribute("numFmtId") ?? 0), codes));
    },
    onClose(name) {
      if (name === "cellXfs") isInCells = false;
    },
  });
  return isDateStyle;
}

/**
 * Whether a cell format shows a date.
 * @param id of the format; codes of a workbook's own formats are in `codes`.
 */
function isDateFormat(id: number, codes: ReadonlyMap<number, string>): boolean {
  const code = codes.get(id);
  if (code === undefined) return DATE_FORMATS.some(([from, to]) => id >= from && id <= to);
  // Texts in quotes, escaped letters, colours and conditions are no part of the pattern.
  const pattern = code.replace(/"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, "");
  return /[dmyhs]/i.test(pattern) && !/general/i.test(pattern);
}

/** The texts that cells refer to by number. */
async function readTexts(archive: ZipArchive, part: string | undefined): Promise<StoredTexts> {
  const texts = new StoredTexts(MOST_TEXT_BYTES);
  const entry = archive.entries.get(part ?? "");
  if (entry === undefined) return texts;
  const reader = new TextReader();
  await readXml(entry.texts(), {
    onOpen: (name) => reader.open(name),
    onText: (text) => reader.add(text),
    onClose(name) {
      reader.close(name);
      if (name === "si" && !texts.add(reader.take())) {
        throw new InputInvalidError(
          "It holds more distinct texts than fit into memory. Save the sheet as CSV.",
        );
      }
    },
  });
  return texts;
}

/** Gathers the text of a cell from its runs; how a word is pronounced is left out. */
export class TextReader {
  #text = "";
  #isText = false;
  #phonetic = 0;

  open(name: string): void {
    if (name === "rPh") this.#phonetic++;
    else if (name === "t") this.#isText = this.#phonetic === 0;
  }

  add(text: string): void {
    if (this.#isText && this.#text.length < LONGEST_CELL) this.#text += text;
  }

  close(name: string): void {
    if (name === "rPh") this.#phonetic--;
    else if (name === "t") this.#isText = false;
  }

  /** The text since the last call; `_x000D_` is how a character is written that XML has not. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    if (!text.includes("_x")) return text;
    return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
  }
}
