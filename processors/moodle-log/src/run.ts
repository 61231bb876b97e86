import { availableParallelism } from "node:os";
import type { Context } from "@drover/processor-sdk";
import { type ClassifiedLog, classifyLog } from "./classify-log.js";
import { type DetectedText, detect } from "./detect.js";
import type { ExportSource } from "./export/export-source.js";
import { OutputFiles } from "./export/output-files.js";
import { writeRejectedRows } from "./export/rejected-rows.js";
import { piecesAhead, writeCsv, writeXes } from "./export/write-logs.js";
import { loadLog } from "./load/load-log.js";
import type { LogStore } from "./load/log-store.js";
import type { Params } from "./params.js";
import { RunProgress, type StageProgress } from "./progress.js";
import { assertHasRows, assertUsable, timeSample } from "./refuse-log.js";
import { countEvents, countRows, detectedFacts, spanOf } from "./summarize.js";
import { type Summary, summaryHead } from "./summary.js";
import { createInlinePool, createThreadPool, type Pool } from "./threads/pool.js";
import { warningsOf } from "./warnings.js";

export const PROCESSOR_NAME = "moodle-log";
export const PROCESSOR_VERSION = "1.0.0";

/** Below this many bytes threads take longer to start than they save. */
const THREADS_FROM_BYTES = 6 << 20;
const MOST_THREADS = 4;

/** What the stages of a run share. */
interface Run {
  readonly context: Context<Params>;
  readonly progress: RunProgress;
  readonly pool: Pool;
  readonly text: DetectedText;
}

/** Does one attempt: detect, load, classify, export, pack. Answers the head of the summary. */
export async function runMoodleLog(context: Context<Params>): Promise<unknown> {
  const { input, scratch, signal } = context;
  const progress = new RunProgress((percent, options) => context.progress(percent, options));
  let pool: Pool | undefined;
  try {
    const detecting = progress.stage("detect");
    detecting(0, input.sizeBytes);
    const text = await detect(
      { path: input.path, scratch },
      { signal, onBytes: (bytes) => detecting(bytes, input.sizeBytes) },
    );
    pool = createPool(text.sizeBytes);
    return summaryHead(await runOn({ context, progress, pool, text }));
  } finally {
    progress.stop();
    await pool?.close();
  }
}

function createPool(sizeBytes: number): Pool {
  if (sizeBytes < THREADS_FROM_BYTES) return createInlinePool();
  return createThreadPool(Math.max(2, Math.min(MOST_THREADS, availableParallelism())));
}

async function runOn(run: Run): Promise<Summary> {
  const { context, text } = run;
  const store = await load(run);
  await assertHasRows(text, store);
  const log = await classifyLog(store, {
    params: context.params,
    language: text.language,
    nowSeconds: Date.now() / 1000,
    signal: context.signal,
    onStep: run.progress.stage("classify"),
  });
  const read = store.rows + store.rejected.length;
  await assertUsable(text, { read, rejected: log.rejected }, context.params.max_rejected_percent);
  const outputs = new OutputFiles(context);
  try {
    return await write(run, { store, log, outputs });
  } finally {
    await outputs.close();
  }
}

async function load({ context, progress, pool, text }: Run): Promise<LogStore> {
  const { path, sizeBytes, layout } = text;
  const loading = progress.stage("load");
  loading(0, sizeBytes);
  return await loadLog(
    pool,
    { path, sizeBytes, layout, wantsHashes: context.params.drop_duplicates },
    { signal: context.signal, onBytes: (bytes) => loading(bytes, sizeBytes) },
  );
}

interface Loaded {
  readonly store: LogStore;
  readonly log: ClassifiedLog;
  readonly outputs: OutputFiles;
}

async function write(run: Run, loaded: Loaded): Promise<Summary> {
  const { context, progress, pool, text } = run;
  const { store, log, outputs } = loaded;
  const { signal, params } = context;
  const source = exportSource(run, loaded);
  await pool.runOnAll("openExport", source);
  const csv = {
    full: await outputs.open("enriched_log.csv"),
    bloom: await outputs.open("enriched_log_bloom_only.csv"),
  };
  const { bloomRows } = await writeCsv(pool, source, csv, {
    signal,
    onRows: rowCounter(progress.stage("export_csv"), log),
  });
  const xes = {
    full: await outputs.open("enriched_log.xes"),
    bloom: await outputs.open("enriched_log_bloom_only.xes"),
  };
  const traces = await writeXes(pool, source, xes, {
    signal,
    onRows: rowCounter(progress.stage("export_xes"), log),
  });
  if (log.rejected.length > 0) {
    await writeRejectedRows(await outputs.open("rejected_rows.csv"), log.rejected, {
      source: { path: text.path, sizeBytes: text.sizeBytes, delimiter: text.layout.delimiter },
      neutralizes: params.neutralize_formulas,
      signal,
    });
  }
  const summary = await summarize(run, { store, log }, { bloomRows, ...traces });
  await (await outputs.open("summary.json")).appendText(`${JSON.stringify(summary, null, 2)}\n`);
  await outputs.pack(signal, progress.stage("pack"));
  return summary;
}

function exportSource({ text, context, pool }: Run, { store, log }: Loaded): ExportSource {
  const { params } = context;
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
    piecesAhead: piecesAhead(pool.size),
  };
}

async function summarize(
  { context, text }: Run,
  { store, log }: Omit<Loaded, "outputs">,
  written: {
    readonly bloomRows: number;
    readonly bloomTraces: number;
    readonly droppedCharacters: number;
  },
): Promise<Summary> {
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
    warnings: warningsOf(text, log, { params, events, droppedCharacters, bloomRows: written.bloomRows }),
    params,
  };
}

function rowCounter(progress: StageProgress, log: ClassifiedLog): (rows: number) => void {
  const total = log.timeOrder.length;
  let done = 0;
  return (rows) => {
    done += rows;
    progress(done, total, `${done} of ${total} events`);
  };
}
