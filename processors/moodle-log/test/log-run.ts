import { runProcessor } from "@drover/processor-sdk/testing";
import { moodleLog } from "../src/index.js";
import type { Summary } from "../src/summary.js";

/** One run of the processor and its outputs, read back. */
export interface LogRun {
  readonly artifacts: ReadonlyMap<string, Buffer>;
  readonly primary: string | undefined;
  readonly result: unknown;
  readonly summary: Summary;
  /** Rows of enriched_log.csv by column. */
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly bloomRows: readonly Readonly<Record<string, string>>[];
  readonly progress: readonly {
    readonly percent: number;
    readonly stage: string | undefined;
    readonly atMs: number;
  }[];
}

/**
 * Runs the processor on a text or bytes in this process. Tables are read back when they are first asked for.
 */
export async function runLog(
  input: string | Uint8Array | { readonly path: string },
  params: unknown = {},
): Promise<LogRun> {
  const report = await runProcessor(moodleLog, { input, params, filename: "log.csv" });
  const text = (name: string) => report.artifacts.get(name)?.toString("utf8") ?? "";
  let rows: LogRun["rows"] | undefined;
  let bloomRows: LogRun["bloomRows"] | undefined;
  return {
    artifacts: report.artifacts,
    primary: report.primary,
    result: report.result,
    summary: JSON.parse(text("summary.json")),
    get rows() {
      rows ??= csvRecords(text("enriched_log.csv"));
      return rows;
    },
    get bloomRows() {
      bloomRows ??= csvRecords(text("enriched_log_bloom_only.csv"));
      return bloomRows;
    },
    progress: report.progress,
  };
}

/**
 * Reads CSV by RFC 4180, strictly: throws at what it does not allow. Written apart from the reader under
 * test.
 */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = "";
    if (text[at] === '"') {
      for (at++; ; at++) {
        if (at >= text.length) throw new Error("A quoted cell is not closed.");
        if (text[at] !== '"') cell += text[at];
        else if (text[at + 1] === '"') {
          cell += '"';
          at++;
        } else break;
      }
      at++;
    } else {
      const end = /[,\r\n"]/g;
      end.lastIndex = at;
      const match = end.exec(text);
      if (match?.[0] === '"') throw new Error(`A quote inside a cell without quotes, at ${at}.`);
      const stop = match?.index ?? text.length;
      cell = text.slice(at, stop);
      at = stop;
    }
    row.push(cell);
    if (text[at] === ",") {
      at++;
      continue;
    }
    if (!text.startsWith("\r\n", at))
      throw new Error(`Neither a comma nor a line end after a cell, at ${at}.`);
    at += 2;
    rows.push(row);
    row = [];
  }
  return rows;
}

function csvRecords(text: string): Record<string, string>[] {
  const [header = [], ...rows] = readCsv(text);
  return rows.map((cells) => {
    if (cells.length !== header.length)
      throw new Error(`A row has ${cells.length} cells instead of ${header.length}.`);
    return Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ""]));
  });
}

/** An event of a XES file: its attributes by key. */
export type XesEvent = Readonly<Record<string, string>>;

/** A XES file, read back. */
export interface XesLog {
  readonly traces: readonly {
    readonly name: string;
    readonly attributes: XesEvent;
    readonly events: readonly XesEvent[];
  }[];
}

const ATTRIBUTE =
  /<(string|date|int|boolean) key="([A-Za-z_:][\w:.-]*)" value="([^"<&]*(?:&(?:amp|lt|gt|quot|#\d+);[^"<&]*)*)"\/>/y;

/**
 * Reads a XES file as this processor writes it and checks its structure on the way: the order of the parts,
 * the types of values, the escaping.
 * @throws at the first thing that the schema would refuse.
 */
export function readXes(text: string): XesLog {
  const body = text.indexOf("<string key=");
  const head = text.slice(0, text.indexOf("\n<string key=") + 1);
  if (
    !/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<log xes\.version="2\.0" [^>]*xmlns="http:\/\/www\.xes-standard\.org\/">\n(<extension [^>]+\/>\n){5}(<global scope="(trace|event)">.*<\/global>\n){2}(<classifier [^>]+\/>\n){3}$/.test(
      head,
    )
  ) {
    throw new Error(`The head of the log is not in order: ${head}`);
  }
  if (body < 0 || !text.endsWith("</log>\n")) throw new Error("The log is not whole.");
  const traces: { name: string; attributes: XesEvent; events: XesEvent[] }[] = [];
  for (const line of text.slice(head.length, -"</log>\n".length).split("\n").slice(2, -1)) {
    if (line.startsWith("<trace>")) {
      const attributes = attributesOf(line, 7);
      traces.push({ name: attributes["concept:name"] ?? "", attributes, events: [] });
    } else if (line.startsWith("<event>")) {
      if (!line.endsWith("</event>")) throw new Error(`An event is not closed: ${line}`);
      traces.at(-1)?.events.push(attributesOf(line.slice(0, -8), 7));
    } else if (line !== "</trace>") throw new Error(`Neither a trace nor an event: ${line}`);
  }
  return { traces };
}

const VALUE_TYPES: Readonly<Record<string, RegExp>> = {
  string: /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u,
  date: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/,
  int: /^\d+$/,
  boolean: /^(true|false)$/,
};

function attributesOf(line: string, from: number): Record<string, string> {
  const attributes: Record<string, string> = {};
  ATTRIBUTE.lastIndex = from;
  while (ATTRIBUTE.lastIndex < line.length) {
    const at = ATTRIBUTE.lastIndex;
    const match = ATTRIBUTE.exec(line);
    if (match === null) throw new Error(`Not an attribute: ${line.slice(at, at + 120)}`);
    const [, type = "", key = "", raw = ""] = match;
    const value = unescaped(raw);
    if (!VALUE_TYPES[type]?.test(value)) throw new Error(`Not a ${type}: ${raw}`);
    attributes[key] = value;
  }
  return attributes;
}

function unescaped(value: string): string {
  return value
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
