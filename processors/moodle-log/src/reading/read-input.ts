import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputInvalidError } from "@drover/processor-sdk";
import { type Encoding, headOf, type OpenedText, openText, readRows } from "../kernel/index.js";
import { type Participant, participantsOf } from "../people/participants.js";
import { type DetectedLayout, findText, layoutOfReport } from "./layout.js";
import { type Media, mediaOf, unreadable } from "./media.js";
import { type ArchiveFormat, readArchive } from "./read-archive.js";
import { layoutOfReportFile, ReportFile, type TakenTable } from "./report-file.js";
import { readHtml } from "./sources/html-tables.js";
import { readJson } from "./sources/json-tables.js";

/** How the input stores its table. */
export type FileFormat = "csv" | "json" | "html" | ArchiveFormat;

/** The input as text, and how its table stands in it. */
export interface DetectedText extends DetectedLayout {
  readonly format: FileFormat;
  readonly encoding: Encoding;
  /** The text as UTF-8: the input itself, or a copy in the scratch folder. */
  readonly path: string;
  readonly sizeBytes: number;
  /** The sheets or files that it was put together from; empty for a text that is read as it is. */
  readonly tables: readonly TakenTable[];
  /** Whether it is Moodle's own table of the log. */
  readonly isStore: boolean;
  /** The people of a participants list that lies beside the log in an archive; `undefined` without one. */
  readonly participants: readonly Participant[] | undefined;
}

/** The largest file of an archive that may be a participants list, in bytes: some 50,000 people. */
const MOST_PARTICIPANTS_BYTES = 4 << 20;

interface DetectOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes read so far. */
  readonly onBytes: (bytes: number) => void;
}

const NOTHING: Readonly<Record<Exclude<Media, "text">, string>> = {
  zip: "This file holds no log of Moodle's.",
  json: "This JSON holds no log of Moodle's.",
  html:
    "This file is a web page without a log. Your Moodle session may have ended during the download; log in and " +
    "export the log again.",
};

/**
 * Decides what the input is by its content: a text with separators is read where it lies; a workbook, a web page,
 * JSON, an archive of them, and Moodle's own table of the log are turned into such a text in the scratch folder.
 * @throws {InputInvalidError} when it is no log.
 */
export async function detect(
  input: { readonly path: string; readonly scratch: string },
  options: DetectOptions,
): Promise<DetectedText> {
  const media = mediaOf(await headOf(input.path));
  if (media === "zip") return await converted(input, options, NOTHING.zip);
  const text = await openText(input, options);
  if (media !== "text") return await converted({ ...input, text, media }, options, NOTHING[media]);
  const found = findText(text.head, text);
  if (found.table.kind === "store") return await converted({ ...input, text, media }, options, "");
  const { encoding, path, sizeBytes } = text;
  return {
    ...layoutOfReport(found),
    format: "csv",
    encoding,
    path,
    sizeBytes,
    tables: [],
    isStore: false,
    participants: undefined,
  };
}

/** A text that is opened, and what it is. */
interface KnownText {
  readonly text: OpenedText;
  readonly media: Exclude<Media, "zip">;
}

async function converted(
  input: { readonly path: string; readonly scratch: string } & Partial<KnownText>,
  options: DetectOptions,
  nothing: string,
): Promise<DetectedText> {
  const { scratch, text, media } = input;
  const { signal, onBytes } = options;
  const path = join(scratch, "report.csv");
  const report = new ReportFile(path);
  const participants: Participant[] = [];
  try {
    const format =
      text === undefined || media === undefined
        ? await readZip({ ...input, report, participants }, options)
        : await readText({ text, media }, report, options);
    const { columns, tables, ignored, isStore, warnings, ...found } = await report.end(nothing);
    const { size } = await stat(path);
    signal.throwIfAborted();
    onBytes(size);
    return {
      ...found,
      layout: layoutOfReportFile(columns),
      warnings: [...warnings, ...ignoredWarnings(ignored)],
      format,
      encoding: text?.encoding ?? "utf-8",
      path,
      sizeBytes: size,
      tables,
      isStore,
      participants: participants.length === 0 ? undefined : participants,
    };
  } catch (error) {
    report.discard();
    throw error;
  }
}

async function readZip(
  input: {
    readonly path: string;
    readonly scratch: string;
    readonly report: ReportFile;
    /** Filled with the people of participants lists. */
    readonly participants: Participant[];
  },
  { signal, onBytes }: DetectOptions,
): Promise<ArchiveFormat> {
  const { size } = await stat(input.path);
  const { scratch } = input;
  const reading = { signal, scratch, onShare: (share: number) => onBytes(share * size) };
  const quietly = { signal, onBytes: () => {} };
  return await readArchive(
    input,
    async (path, report) => {
      try {
        const media = mediaOf(await headOf(path));
        if (media === "zip")
          return void (await readArchive({ path, report }, undefined, { ...reading, onShare: () => {} }));
        const text = await openText({ path, scratch }, quietly);
        const people = media === "text" ? await participantsIn(text) : undefined;
        if (people === undefined) await readText({ text, media }, report, quietly);
        else input.participants.push(...people);
      } catch (error) {
        if (!(error instanceof InputInvalidError)) throw error;
        report.refuse(error.message);
      }
    },
    reading,
  );
}

async function participantsIn({ path, start, sizeBytes }: OpenedText) {
  if (sizeBytes > MOST_PARTICIPANTS_BYTES) return undefined;
  return participantsOf((await readFile(path)).toString("utf8", start));
}

async function readText(
  { text, media }: KnownText,
  report: ReportFile,
  options: DetectOptions,
): Promise<Exclude<FileFormat, ArchiveFormat>> {
  if (media === "text") {
    await readSeparated(text, report, options);
    return "csv";
  }
  const pieces = createReadStream(text.path, { start: text.start, encoding: "utf8", signal: options.signal });
  try {
    await (media === "json" ? readJson(pieces, report) : readHtml(pieces, report));
  } catch (error) {
    throw unreadable(media === "json" ? "This JSON" : "This web page", error);
  } finally {
    pieces.destroy();
  }
  return media;
}

async function readSeparated(text: OpenedText, report: ReportFile, options: DetectOptions): Promise<void> {
  const { delimiter } = findText(text.head, text);
  let rows = 0;
  report.startTable("", false);
  await readRows(
    { path: text.path, start: text.start, delimiter },
    {
      signal: options.signal,
      onRow: (cells) => report.row(cells, ++rows),
      onBroken: (line) => report.brokenRow(line, ++rows),
      onBlank: () => rows++,
      async onStretch(bytes) {
        options.onBytes(bytes);
        await report.drain();
      },
    },
  );
  report.endTable();
}

function ignoredWarnings(ignored: readonly string[]): string[] {
  if (ignored.length === 0) return [];
  const shown = ignored.slice(0, 10).map((name) => (name === "" ? "a table without a name" : `“${name}”`));
  return [`Left out, since it is no log: ${shown.join(", ")}${ignored.length > 10 ? ", …" : ""}.`];
}
