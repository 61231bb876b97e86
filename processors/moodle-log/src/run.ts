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
import { hasStage, writeOptionalLogs } from "./outputs/optional-logs.js";
import { writePseudonymKey } from "./outputs/pseudonym-key.js";
import { writeRejectedRows } from "./outputs/rejected-rows.js";
import type { Params } from "./params.js";
import { ShownPeople, shownParams } from "./people/shown-people.js";
import { assertHasRows, assertUsable, refusalOf, withoutCells } from "./refuse-log.js";
import { RunProgress, type StageProgress } from "./run-progress.js";
import { shownLogOf } from "./shown-log-of.js";
import { countEvents, countRows, percentOf, spanOf } from "./summarize.js";
import { describeRoles, type Summary, summaryHead } from "./summary.js";
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
  const progress = new RunProgress((percent, options) => context.progress(percent, options), {
    isWanted: (stage) => hasStage(stage, context.params),
  });
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
  } catch (error) {
    throw context.params.pseudonymize === "off" ? error : withoutCells(error);
  } finally {
    progress.stop();
    await pool?.close();
  }
}

async function runOn(run: Run): Promise<Summary> {
  const { context, text } = run;
  const { params } = context;
  const showsRows = params.pseudonymize === "off";
  const store = await load(run).catch((error: unknown) => {
    throw refusalOf(error);
  });
  await assertHasRows(text, store, showsRows);
  const log = await classifyLog(store, {
    params,
    language: text.language,
    participants: text.participants,
    nowSeconds: Date.now() / 1000,
    signal: context.signal,
    onStep: run.progress.stage("classify"),
  });
  const read = store.rows + store.rejected.length;
  await assertUsable(
    text,
    { read, rejected: log.rejected, mixedDates: log.mixedDates, showsRows },
    params.max_rejected_percent,
  );
  const people = new ShownPeople(params, () => store.actors.named());
  const outputs = new OutputFiles(context);
  try {
    return await write(run, { store, log, people, outputs });
  } finally {
    outputs.close();
  }
}

async function load({ context, progress, pool, text }: Run): Promise<LogStore> {
  const { path, sizeBytes, layout } = text;
  const { params } = context;
  const loading = progress.stage("load");
  loading(0, sizeBytes);
  return await loadLog(
    pool,
    {
      ...{ path, sizeBytes, layout },
      wantsHashes: params.drop_duplicates,
      wantsAllNames: params.pseudonymize !== "off",
    },
    { signal: context.signal, onBytes: (bytes) => loading(bytes, sizeBytes) },
  );
}

interface Loaded {
  readonly store: LogStore;
  readonly log: ClassifiedLog;
  readonly people: ShownPeople;
  readonly outputs: OutputFiles;
}

async function write(run: Run, loaded: Loaded): Promise<Summary> {
  const { context, progress, pool, text } = run;
  const { store, log, people, outputs } = loaded;
  const { signal, params } = context;
  const source = await openExport(pool, { text, store, arranged: log.arranged }, shownLogOf(params, loaded));
  const csv = {
    full: outputs.open("enriched_log.csv"),
    bloom: outputs.open("enriched_log_bloom_only.csv"),
  };
  const { bloomRows } = await writeCsv(pool, source, csv, {
    signal,
    onRows: rowCounter(progress.stage("export_csv"), log.arranged.kept),
    onPeople: (named) => people.note(named),
  });
  const xes = {
    full: outputs.open("enriched_log.xes"),
    bloom: outputs.open("enriched_log_bloom_only.xes"),
  };
  const traces = await writeXes(pool, source, xes, {
    signal,
    onRows: rowCounter(progress.stage("export_xes"), log.arranged.inCases),
  });
  await writeOptionalLogs(source, outputs, { params, progress, signal });
  if (log.rejected.length > 0) {
    await writeRejectedRows(
      outputs.open("rejected_rows.csv"),
      { text, rejected: log.rejected, mixedDates: log.mixedDates },
      {
        neutralizes: params.neutralize_formulas,
        showsText: !people.isPseudonymous,
        signal,
      },
    );
  }
  if (params.pseudonymize === "with_key") {
    const key = people.key({ actors: store.actors, named: store.actors.named() });
    await writePseudonymKey(outputs.open("pseudonym_key.csv"), key, {
      neutralizes: params.neutralize_formulas,
      signal,
    });
  }
  await pool.close(); // its memory is more than what is counted from here on
  const summary = await summarize(run, { store, log, people }, { bloomRows, ...traces });
  await writeFigures(
    { ...loaded, summary, language: text.language },
    { params, signal, progress: progress.stage("report") },
  );
  await outputs.open("summary.json").appendText(`${JSON.stringify(summary, null, 2)}\n`);
  await outputs.end();
  return summary;
}

async function summarize(
  { context, text }: Run,
  { store, log, people }: Omit<Loaded, "outputs">,
  written: {
    readonly bloomRows: number;
    readonly bloomTraces: number;
    readonly droppedCharacters: number;
  },
): Promise<Summary> {
  const { params, input } = context;
  const events = countEvents(log, store, people);
  const { droppedCharacters } = written;
  const { newest } = log.arranged;
  const timeSample = newest === undefined ? "" : await timeCellOf(text, newest);
  return {
    processor: { name: PROCESSOR_NAME, version: PROCESSOR_VERSION },
    // A file's name is its owner's to choose, and may name somebody.
    input: {
      filename: people.isPseudonymous ? null : input.filename,
      size_bytes: input.sizeBytes,
      sha256: input.sha256,
    },
    rows: countRows(log, store, written.bloomRows),
    detected: describeDetected(text, log, { params, timeSample, people }),
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
    ...(log.settled === undefined ? {} : { roles: describeRoles(log.settled) }),
    dropped_xml_characters: droppedCharacters,
    warnings: warningsOf(text, log, {
      ...{ params, people, events, droppedCharacters },
      bloomRows: written.bloomRows,
    }),
    params: shownParams(params, people),
  };
}

function rowCounter(progress: StageProgress, total: number): (rows: number) => void {
  let done = 0;
  return (rows) => {
    done += rows;
    progress(done, total, `${done} of ${total} events`);
  };
}
