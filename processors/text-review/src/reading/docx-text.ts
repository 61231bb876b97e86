import { InputInvalidError } from "@drover/processor-sdk";
import { SaxesParser, type SaxesTagNS } from "saxes";
import { type Entry, openPromise, type ZipFile } from "yauzl";

/** Largest XML of a DOCX that is read, inflated, in bytes. */
const MAX_XML_BYTES = 100 * 1024 ** 2;
const MAX_ENTRIES = 10_000;
/** How deep elements may lie in each other: Word stays below 100. */
const MAX_DEPTH = 500;

const WORD = /\/wordprocessingml(\/2006)?\/main$/;
const COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006";

export interface DocxOptions {
  readonly signal: AbortSignal;
  /** UTF-16 code units. */
  readonly maxText: number;
}

/**
 * The paragraphs of a DOCX, with an empty line between them: the body, then footnotes and endnotes. Deleted
 * text, field codes and comments are left out. XML is read as it is inflated, and both are bounded by what
 * comes out, not by what the file says of itself.
 * @throws `InputInvalidError` when the file is broken, encrypted, too large, or no DOCX.
 */
export async function textOfDocx(path: string, options: DocxOptions): Promise<string> {
  const zip = await opened(path);
  try {
    return await textOfZip(zip, options);
  } catch (error) {
    if (options.signal.aborted || error instanceof InputInvalidError) throw error;
    throw broken(error);
  } finally {
    zip.close();
  }
}

async function opened(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { lazyEntries: true, autoClose: false });
  } catch (error) {
    throw broken(error);
  }
}

function broken(cause: unknown): InputInvalidError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InputInvalidError(`The DOCX cannot be read: ${reason}. Open it in Word and save it again.`, {
    cause,
  });
}

async function textOfZip(zip: ZipFile, options: DocxOptions): Promise<string> {
  const entries = await entriesOf(zip);
  const budget = { xmlBytes: MAX_XML_BYTES, text: options.maxText, signal: options.signal };
  let main = "word/document.xml";
  const relations = entries.get("_rels/.rels");
  if (relations !== undefined) {
    await parse(zip, relations, budget, {
      onOpen({ local, attributes }) {
        const { Type, Target } = attributes;
        if (local === "Relationship" && Type?.value.endsWith("/officeDocument") && Target !== undefined) {
          main = Target.value.replace(/^\//, "");
        }
      },
    });
  }
  const body = entries.get(main);
  if (body === undefined) {
    throw new InputInvalidError("The file is a ZIP file, but no DOCX: it holds no Word text.");
  }
  const folder = main.slice(0, main.lastIndexOf("/") + 1);
  const paragraphs: string[] = [];
  for (const entry of [body, entries.get(`${folder}footnotes.xml`), entries.get(`${folder}endnotes.xml`)]) {
    if (entry !== undefined) await parse(zip, entry, budget, paragraphReader(paragraphs, budget));
  }
  return paragraphs.join("\n\n");
}

async function entriesOf(zip: ZipFile): Promise<ReadonlyMap<string, Entry>> {
  if (zip.entryCount > MAX_ENTRIES) {
    throw new InputInvalidError(`The DOCX has ${zip.entryCount} parts; at most ${MAX_ENTRIES} are read.`);
  }
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  return entries;
}

interface Budget {
  xmlBytes: number;
  text: number;
  readonly signal: AbortSignal;
}

interface Handlers {
  onOpen(tag: SaxesTagNS): void;
  onClose?(tag: SaxesTagNS): void;
  onText?(text: string): void;
}

/** Feeds one part to the handlers while it is inflated. */
async function parse(zip: ZipFile, entry: Entry, budget: Budget, handlers: Handlers): Promise<void> {
  if (entry.isEncrypted()) {
    throw new InputInvalidError("The DOCX is encrypted. Save it without a password.");
  }
  let depth = 0;
  const parser = new SaxesParser({ xmlns: true });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("doctype", () => {
    throw new InputInvalidError("The DOCX cannot be read: its XML has a DOCTYPE, which Word never writes.");
  });
  parser.on("opentag", (tag) => {
    if (++depth > MAX_DEPTH) throw new InputInvalidError(`The DOCX nests more than ${MAX_DEPTH} elements.`);
    handlers.onOpen(tag);
  });
  parser.on("closetag", (tag) => {
    depth--;
    handlers.onClose?.(tag);
  });
  parser.on("text", (text) => handlers.onText?.(text));
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    budget.signal.throwIfAborted();
    budget.xmlBytes -= (chunk as Buffer).byteLength;
    if (budget.xmlBytes < 0) {
      throw new InputInvalidError(`The DOCX unpacks to more than ${MAX_XML_BYTES} bytes of XML.`);
    }
    parser.write(decoder.decode(chunk as Buffer, { stream: true }));
  }
  parser.write(decoder.decode());
  parser.close();
}

/** What stands for a character in a run. */
const CHARACTERS: Readonly<Record<string, string>> = {
  tab: "\t",
  br: "\n",
  cr: "\n",
  noBreakHyphen: "\u2011",
};

/** Pushes the text of each paragraph that is not empty; that of a text box goes before the one it is in. */
function paragraphReader(paragraphs: string[], budget: Budget): Handlers {
  const open: string[] = [];
  let isText = false;
  let skipped = 0;
  const append = (text: string): void => {
    if (skipped > 0 || open.length === 0) return;
    budget.text -= text.length;
    if (budget.text < 0) throw new InputInvalidError("The DOCX has more text than is reviewed: 20 MiB.");
    open.push((open.pop() ?? "") + text);
  };
  return {
    onOpen(tag) {
      if (isSkipped(tag)) skipped++;
      if (!WORD.test(tag.uri)) return;
      if (tag.local === "p") open.push("");
      isText = tag.local === "t";
      append(CHARACTERS[tag.local] ?? "");
    },
    onClose(tag) {
      if (isSkipped(tag)) skipped--;
      if (!WORD.test(tag.uri)) return;
      isText = false;
      const text = tag.local === "p" ? open.pop() : undefined;
      if (text === undefined || text.trim() === "") return;
      paragraphs.push(text);
      budget.text -= 2;
    },
    onText(text) {
      if (isText) append(text);
    },
  };
}

/** The second wording of what an older Word cannot show, and text that was moved away. */
function isSkipped({ uri, local }: SaxesTagNS): boolean {
  return (uri === COMPATIBILITY && local === "Fallback") || (local === "moveFrom" && WORD.test(uri));
}
