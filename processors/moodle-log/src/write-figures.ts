import type { ClassifiedLog } from "./classify-log.js";
import { countLog } from "./count-log.js";
import type { LogStore, OutputFiles } from "./kernel/index.js";
import { writeTables } from "./outputs/write-tables.js";
import type { Params } from "./params.js";
import type { ShownPeople } from "./people/shown-people.js";
import type { Language } from "./reading/headings.js";
import { ReportFigures } from "./report/report-figures.js";
import { reportPage } from "./report/report-page.js";
import { Wordings } from "./report/report-texts.js";
import { shownSpan } from "./report/shown-span.js";
import type { StageProgress } from "./run-progress.js";
import type { Summary } from "./summary.js";

const DAY_SECONDS = 86_400;

/** A log whose figures are written. */
export interface FiguresSource {
  readonly store: LogStore;
  readonly log: ClassifiedLog;
  readonly people: ShownPeople;
  readonly outputs: OutputFiles;
  readonly summary: Summary;
  readonly language: Language | undefined;
}

/** Counts people, resources and activities, and writes the tables and the report of them. */
export async function writeFigures(
  { store, log, people, outputs, summary, language }: FiguresSource,
  options: { readonly params: Params; readonly signal: AbortSignal; readonly progress: StageProgress },
): Promise<void> {
  const { params, signal, progress } = options;
  const timezone = params.timezone ?? "UTC";
  const rows = store.actors.count + store.places.count; // at most
  let written = 0;
  progress(written, rows);
  const counts = countLog(log, store, params);
  const { calendar } = counts.counted;
  const span = log.arranged.span ?? [0, 0];
  const labelOf = (actor: number) => people.called(store.actors.at(actor));
  const nameOf = (actor: number) => people.nameOf(store.actors.at(actor));
  const courses = log.courses.names.map((name) => people.inText(name));
  const shown = shownSpan(calendar);
  const figures = new ReportFigures({
    weeks: calendar.weeks.mondays.length,
    endSeconds: shown.isCut ? shown.lastDay + DAY_SECONDS - 1 : span[1],
    labelOf: (actor) => nameOf(actor) || labelOf(actor),
  });
  const follows = await writeTables(counts, outputs, {
    timezone,
    neutralizesFormulas: params.neutralize_formulas,
    labelOf,
    ...(people.showsNames ? { nameOf } : {}),
    contextOf: (context) => people.inContext(context),
    courses,
    signal,
    onPerson: (person) => figures.addPerson(person),
    onResource: (resource) => figures.addResource(resource),
    onRows: (more) => {
      written += more;
      progress(written, rows);
    },
  });
  const page = reportPage({
    wordings: new Wordings(language, timezone),
    summary,
    figures,
    calendar,
    shown,
    follows: follows.students,
    courses: courses.filter((name) => name !== ""),
    span,
    sessionGapMinutes: params.session_gap_minutes,
  });
  await outputs.open("report.html").appendText(page);
  progress(rows, rows);
}
