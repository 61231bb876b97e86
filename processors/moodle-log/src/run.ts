import type { Context } from "@drover/processor-sdk";
import { type ClassifiedLog, classifyLog } from "./classify-log.js";
import { type DetectedText, describeDetected, detect } from "./detected-format.js";
import {
  createPool,
  type LogStore,
  loadLog,
  OutputFiles,
  openExport,
  type Pool,
  timeCellOf,
  writeCsv,
  writeXes,
} from "./kernel/index.js";
import { writeRejectedRows } from "./outputs/rejected-rows.js";
import type { ShownLog } from "./outputs/shown-log.js";
import type { Params } from "./params.js";
import { assertHasRows, assertUsable, refusalOf } from "./refuse-log.js";
import { RunProgress, type StageProgress } from "./run-progress.js";
import { countEvents, countRows, percentOf, spanOf } from "./summarize.js";
import { type Summary, summaryHead } from "./summary.js";
import { warningsOf } from "./warnings.js";
import { writeFigures } from "./write-figures.js";

export const PROCESSOR_NAME = "moodle-log";
export const PROCESSOR_VERSION = "1.0.0";

/** What the stages of a run share. */
interface Run {
  readonly context: Context<Params>;
  readonly progress: RunProgress;
  readonly pool: Pool;
  readonly text: DetectedText;
}

/**
 * Does one attempt: detect, load, classify, export.
 * @returns the head of the summary.
 */
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

async function runOn(run: Run): Promise<Summary> {
  const { context, text } = run;
  const store = await load(run).catch((error: unknown) => {
    throw refusalOf(error);
  });
  await assertHasRows(text, store);
  const log = await classifyLog(store, {
    params: context.params,
    language: text.language,
    nowSeconds: Date.now() / 1000,
    signal: context.signal,
    onStep: run.progress.stage("classify"),
  });
  const read = store.rows + store.rejected.length;
  await assertUsable(
    text,
    { read, rejected: log.rejected, mixedDates: log.mixedDates },
    context.params.max_rejected_percent,
  );
  const outputs = new OutputFiles(context);
  try {
    return await write(run, { store, log, outputs });
  } finally {
    outputs.close();
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
  const source = await openExport(pool, { text, store, arranged: log.arranged }, shownLog(params, loaded));
  const csv = {
    full: outputs.open("enriched_log.csv"),
    bloom: outputs.open("enriched_log_bloom_only.csv"),
  };
  const { bloomRows } = await writeCsv(pool, source, csv, {
    signal,
    onRows: rowCounter(progress.stage("export_csv"), log.arranged.kept),
  });
  const xes = {
    full: outputs.open("enriched_log.xes"),
    bloom: outputs.open("enriched_log_bloom_only.xes"),
  };
  const traces = await writeXes(pool, source, xes, {
    signal,
    onRows: rowCounter(progress.stage("export_xes"), log.arranged.inCases),
  });
  if (log.rejected.length > 0) {
    await writeRejectedRows(
      outputs.open("rejected_rows.csv"),
      { text, rejected: log.rejected, mixedDates: log.mixedDates },
      {
        neutralizes: params.neutralize_formulas,
        signal,
      },
    );
  }
  await pool.close(); // its memory is more than what is counted from here on
  const summary = await summarize(run, { store, log }, { bloomRows, ...traces });
  await writeFigures(
    { ...loaded, summary, language: text.language },
    { params, signal, progress: progress.stage("report") },
  );
  await outputs.open("summary.json").appendText(`${JSON.stringify(summary, null, 2)}\n`);
  await outputs.end();
  return summary;
}

/** What was decided about the log and stands in the outputs. */
function shownLog(params: Params, { store, log }: Loaded): ShownLog {
  return {
    isStaff: log.isStaff,
    courses: log.courses,
    kinds: store.kinds.map(({ component, eventName, isLoginAs }, kind) => ({
      component,
      eventName,
      isLoginAs,
      activity: log.classified[kind]?.activity ?? "Others",
      module: log.classified[kind]?.module ?? "",
    })),
    timezone: params.timezone ?? "UTC",
    activityKey: params.activity_key,
    neutralizesFormulas: params.neutralize_formulas,
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
  const { newest } = log.arranged;
  const timeSample = newest === undefined ? "" : await timeCellOf(text, newest);
  return {
    processor: { name: PROCESSOR_NAME, version: PROCESSOR_VERSION },
    input: { filename: input.filename, size_bytes: input.sizeBytes, sha256: input.sha256 },
    rows: countRows(log, store, written.bloomRows),
    detected: describeDetected(text, log, { params, timeSample }),
    span: spanOf(log, params.timezone ?? "UTC"),
    users: events.users,
    without_case: events.withoutCase,
    cases: { by: params.case, count: log.arranged.caseCount, with_bloom: written.bloomTraces },
    events_by_activity: events.byActivity,
    events_by_level: events.byLevel,
    events_by_rule: events.byRule,
    events_by_component: events.byComponent,
    others_percent: percentOf(events.others, log.arranged.kept),
    unknown_pairs: events.unknownPairs,
    probable_staff: events.staff,
    dropped_xml_characters: droppedCharacters,
    warnings: warningsOf(text, log, { params, events, droppedCharacters, bloomRows: written.bloomRows }),
    params,
  };
}

function rowCounter(progress: StageProgress, total: number): (rows: number) => void {
  let done = 0;
  return (rows) => {
    done += rows;
    progress(done, total, `${done} of ${total} events`);
  };
}
