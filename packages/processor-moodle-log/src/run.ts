import { open } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Context, InputInvalidError } from "@drover/processor-sdk";
import { type ClassifiedLog, classifyLog } from "./classify-log.js";
import { type DetectedText, detect } from "./detect.js";
import { type ArtifactFile, openArtifactFile, type PackedFile } from "./export/artifact-file.js";
import type { ExportSource } from "./export/export-source.js";
import { REASON_TEXTS, readRaw, writeRejectedRows } from "./export/rejected-rows.js";
import { writeCsv, writeXes } from "./export/write-logs.js";
import { writeZip } from "./export/zip.js";
import { loadLog } from "./load/load-log.js";
import type { LogStore } from "./load/log-store.js";
import type { Params } from "./params.js";
import { type Stage, stageProgress } from "./progress.js";
import { cellText, RecordScanner } from "./reading/records.js";
import { countEvents, countRows, detectedFacts, spanOf, warningsOf } from "./summarize.js";
import { type Summary, summaryHead } from "./summary.js";
import { createInlinePool, createThreadPool, type Pool } from "./threads/pool.js";

export const PROCESSOR_NAME = "moodle-log";
export const PROCESSOR_VERSION = "1.0.0";

/** Below this many bytes threads take longer to start than they save. */
const THREADS_FROM_BYTES = 6 << 20;
const MOST_THREADS = 4;

type MoodleLogContext = Context<Params>;

/** Does one attempt: detect, load, classify, export, pack. Answers the head of the summary. */
export async function runMoodleLog(context: MoodleLogContext): Promise<unknown> {
  const text = await detect(
    { path: context.input.path, scratch: context.scratch },
    {
      signal: context.signal,
      onBytes: (bytes) => progressOf(context, "detect")(bytes, context.input.sizeBytes),
    },
  );
  const pool = createPool(text.sizeBytes);
  try {
    return await runOn(pool, context, text);
  } finally {
    await pool.close();
  }
}

function createPool(sizeBytes: number): Pool {
  if (sizeBytes < THREADS_FROM_BYTES) return createInlinePool();
  return createThreadPool(Math.max(2, Math.min(MOST_THREADS, availableParallelism())));
}

async function runOn(pool: Pool, context: MoodleLogContext, text: DetectedText): Promise<unknown> {
  const { params, signal } = context;
  const loading = progressOf(context, "load");
  const store = await loadLog(
    pool,
    { path: text.path, sizeBytes: text.sizeBytes, layout: text.layout, wantsHashes: params.drop_duplicates },
    { signal, onBytes: (bytes) => loading(bytes, text.sizeBytes) },
  );
  progressOf(context, "classify")(0, 1);
  if (store.rows === 0) throw new InputInvalidError(await noRowsMessage(text, store));
  const log = classifyLog(store, { params, language: text.language, nowSeconds: Date.now() / 1000 });
  await assertUsable(text, store, log, params.max_rejected_percent);
  progressOf(context, "classify")(1, 1);
  const outputs = new OutputFiles(context);
  try {
    const written = await writeAll(pool, context, { text, store, log, outputs });
    return summaryHead(written);
  } finally {
    await outputs.close();
  }
}

async function writeAll(
  pool: Pool,
  context: MoodleLogContext,
  all: {
    readonly text: DetectedText;
    readonly store: LogStore;
    readonly log: ClassifiedLog;
    readonly outputs: OutputFiles;
  },
): Promise<Summary> {
  const { text, store, log, outputs } = all;
  const { signal, params } = context;
  const source = exportSource(text, store, log, params);
  await pool.runOnAll("openExport", source);
  const csvFiles = {
    full: await outputs.open("enriched_log.csv"),
    bloom: await outputs.open("enriched_log_bloom_only.csv"),
  };
  const { bloomRows } = await writeCsv(pool, source, csvFiles, {
    signal,
    onRows: rowCounter(context, "export_csv", log),
  });
  const xesFiles = {
    full: await outputs.open("enriched_log.xes"),
    bloom: await outputs.open("enriched_log_bloom_only.xes"),
  };
  const xes = await writeXes(pool, source, xesFiles, {
    signal,
    onRows: rowCounter(context, "export_xes", log),
  });
  if (log.rejected.length > 0) {
    await writeRejectedRows(await outputs.open("rejected_rows.csv"), log.rejected, {
      source: { path: text.path, sizeBytes: text.sizeBytes, delimiter: text.layout.delimiter },
      neutralizes: params.neutralize_formulas,
      signal,
    });
  }
  const summary = await summarize(context, all, { bloomRows, ...xes });
  await (await outputs.open("summary.json")).appendText(`${JSON.stringify(summary, null, 2)}\n`);
  await outputs.pack(signal, progressOf(context, "pack"));
  return summary;
}

function exportSource(text: DetectedText, store: LogStore, log: ClassifiedLog, params: Params): ExportSource {
  return {
    path: text.path,
    sizeBytes: text.sizeBytes,
    layout: text.layout,
    rows: log.rows,
    instants: log.instants,
    timeOrder: log.timeOrder,
    caseOrder: log.cases.caseOrder,
    cases: log.cases.cases,
    caseLabels: log.cases.labels,
    actors: store.actors.map(({ label }, actor) => ({ label, isStaff: log.isStaff[actor] === true })),
    kinds: store.kinds.map(({ component, eventName, isLoginAs }, kind) => ({
      component,
      eventName,
      isLoginAs,
      activity: log.classified[kind]?.activity ?? "Others",
      module: log.classified[kind]?.module ?? "",
    })),
    places: store.places.map(({ context, moduleId }, place) => ({
      context,
      moduleId,
      course: log.courses[place] ?? "",
    })),
    timezone: params.timezone ?? "UTC",
    activityKey: params.activity_key,
    neutralizesFormulas: params.neutralize_formulas,
  };
}

/** The files of one run, each also compressed for the archive. */
class OutputFiles {
  readonly #context: MoodleLogContext;
  readonly #files: ArtifactFile[] = [];

  constructor(context: MoodleLogContext) {
    this.#context = context;
  }

  async open(name: string): Promise<ArtifactFile> {
    const file = await openArtifactFile(name, {
      plainPath: this.#context.artifactPath(name, { isPrimary: false }),
      deflatedPath: join(this.#context.scratch, `${name}.deflate`),
    });
    this.#files.push(file);
    return file;
  }

  /** Finishes all files and puts them into the archive, which is the primary artifact. */
  async pack(signal: AbortSignal, progress: (done: number, total: number) => void): Promise<void> {
    const packed: PackedFile[] = [];
    for (const file of this.#files) packed.push(await file.finish());
    const total = packed.reduce((sum, { deflatedBytes }) => sum + deflatedBytes, 0);
    await writeZip(this.#context.artifactPath("results.zip", { isPrimary: true }), packed, {
      modifiedAt: new Date(),
      signal,
      onBytes: (bytes) => progress(bytes, total),
    });
    progress(1, 1);
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }
}

async function summarize(
  context: MoodleLogContext,
  all: { readonly text: DetectedText; readonly store: LogStore; readonly log: ClassifiedLog },
  written: {
    readonly bloomRows: number;
    readonly bloomTraces: number;
    readonly droppedCharacters: number;
  },
): Promise<Summary> {
  const { text, store, log } = all;
  const { params, input } = context;
  const events = countEvents(log, store);
  const { droppedCharacters } = written;
  return {
    processor: { name: PROCESSOR_NAME, version: PROCESSOR_VERSION },
    input: { filename: input.filename, size_bytes: input.sizeBytes, sha256: input.sha256 },
    rows: countRows(log, store, written.bloomRows),
    detected: detectedFacts(text, log, { params, timeSample: await timeSample(text, log) }),
    span: spanOf(log, params.timezone ?? "UTC"),
    users: events.users,
    cases: { by: params.case, count: log.cases.count, with_bloom: written.bloomTraces },
    events_by_activity: events.byActivity,
    events_by_level: events.byLevel,
    events_by_rule: events.byRule,
    events_by_component: events.byComponent,
    others_percent: Math.round((10_000 * events.others) / Math.max(1, log.timeOrder.length)) / 100,
    unknown_pairs: events.unknownPairs,
    probable_staff: events.staff,
    dropped_xml_characters: droppedCharacters,
    warnings: warningsOf(text, log, { params, events, droppedCharacters }),
    params,
  };
}

/** The time cell of the newest kept row, as it stands. */
async function timeSample(text: DetectedText, log: ClassifiedLog): Promise<string> {
  const row = log.timeOrder.at(-1);
  if (row === undefined) return "";
  const { stretchRows, stretchStarts, offsets } = log.rows;
  const stretch = Math.max(
    0,
    stretchRows.findLastIndex((first) => first <= row),
  );
  const raw = await rawRow(text, (stretchStarts[stretch] as number) + (offsets[row] as number));
  const scanner = new RecordScanner(text.layout.delimiter);
  const bytes = Buffer.from(raw);
  scanner.scan(bytes, 0, bytes.length);
  return cellText(bytes, scanner, text.layout.columns.time);
}

async function rawRow(text: DetectedText, offset: number): Promise<string> {
  const file = await open(text.path);
  try {
    return await readRaw(file, { ...text, delimiter: text.layout.delimiter }, offset);
  } finally {
    await file.close();
  }
}

async function noRowsMessage(text: DetectedText, store: LogStore): Promise<string> {
  const first = store.rejected[0];
  if (first === undefined)
    return "The file has headings but no rows below them. Was the log filtered to nothing before the export?";
  return `No row can be used: ${await rejectedMessage(text, store.rejected.length, store.rejected)}`;
}

async function assertUsable(
  text: DetectedText,
  store: LogStore,
  log: ClassifiedLog,
  maxPercent: number,
): Promise<void> {
  const read = store.rows + store.rejected.length;
  if (log.rejected.length === read)
    throw new InputInvalidError(`No row can be used: ${await rejectedMessage(text, read, log.rejected)}`);
  const percent = (100 * log.rejected.length) / read;
  if (percent > maxPercent) {
    throw new InputInvalidError(
      `${percent.toFixed(1)} % of the rows cannot be used, more than the ${maxPercent} % allowed (max_rejected_percent): ` +
        (await rejectedMessage(text, read, log.rejected)),
    );
  }
}

async function rejectedMessage(
  text: DetectedText,
  read: number,
  rejected: ClassifiedLog["rejected"],
): Promise<string> {
  const counts = new Map<string, number>();
  for (const { reason } of rejected)
    counts.set(REASON_TEXTS[reason], (counts.get(REASON_TEXTS[reason]) ?? 0) + 1);
  const reasons = [...counts].map(([reason, count]) => `${count} × ${reason}`).join(", ");
  const [first] = rejected;
  const shown =
    first === undefined
      ? ""
      : ` The first is line ${first.line}: ${(await rawRow(text, first.offset)).slice(0, 200)}`;
  return `${rejected.length} of ${read} rows rejected (${reasons}; ${text.layout.cells} cells were expected).${shown}`;
}

function progressOf(context: MoodleLogContext, stage: Stage) {
  return stageProgress(stage, (percent, options) => context.progress(percent, options));
}

function rowCounter(context: MoodleLogContext, stage: Stage, log: ClassifiedLog): (rows: number) => void {
  const progress = progressOf(context, stage);
  let done = 0;
  return (rows) => {
    done += rows;
    progress(done, log.timeOrder.length, `${done} of ${log.timeOrder.length} events`);
  };
}
