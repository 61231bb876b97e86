import { assignCases, type Cases } from "./cases/cases.js";
import { coursesOf } from "./cases/courses.js";
import { actorsNamed, type DroppedCounts, dropActors, dropDuplicates, findStaff } from "./cases/selection.js";
import { orderByTime } from "./cases/time-order.js";
import { type LogRows, type LogStore, offsetOfRow, type SharedColumn } from "./load/log-store.js";
import type { RejectedRow } from "./load/segment.js";
import { orderOfFormat, type Params } from "./params.js";
import type { Language } from "./reading/headings.js";
import { type Classified, classify } from "./rules/classifier.js";
import { rulesWith } from "./rules/rules.js";
import { type DecidedOrder, decideDateOrder } from "./time/date-order.js";
import { resolveTimes } from "./time/resolve-times.js";
import { Zone } from "./time/zone.js";

/** The log with everything decided: times, kinds, cases, and which rows count. */
export interface ClassifiedLog {
  readonly rows: LogRows;
  readonly instants: SharedColumn;
  readonly timeOrder: SharedColumn;
  readonly cases: Cases;
  /** By kind of event. */
  readonly classified: readonly Classified[];
  /** By place. */
  readonly courses: readonly string[];
  /** By actor. */
  readonly isStaff: readonly boolean[];
  readonly dropped: DroppedCounts;
  /** In the order of the file; impossible dates included. */
  readonly rejected: readonly RejectedRow[];
  readonly dateOrder: DecidedOrder;
  readonly hasYearlessDates: boolean;
}

/** How the loaded rows are decided about. */
export interface ClassifyOptions {
  readonly params: Params;
  readonly language: Language | undefined;
  /** The newest plausible date of a log without years. */
  readonly nowSeconds: number;
  readonly signal: AbortSignal;
  /** Called after each step, of which each takes a fraction of a second per million rows; a cancel is heard in between. */
  readonly onStep: (done: number, total: number) => void;
}

const STEPS = 5;

/** Decides about the loaded rows all that the outputs need. */
export async function classifyLog(store: LogStore, options: ClassifyOptions): Promise<ClassifiedLog> {
  const { params } = options;
  let steps = 0;
  const step = async () => {
    options.onStep(steps++, STEPS);
    await new Promise((resolve) => setImmediate(resolve));
    options.signal.throwIfAborted();
  };
  await step();
  const { rows, times, hashes } = store.takeRows();
  await step();
  const dating = dateRows(store, times, options);
  const rules = rulesWith(params.rules);
  const classified = store.kinds.map((kind) => classify(rules, kind));
  const marks = {
    isTeaching: classified.map(({ activity }) => activity === "Teach"),
    dropped: new Uint8Array(rows.count),
  };
  for (const row of dating.impossible) marks.dropped[row] = 1;
  await step();
  const { instants } = dating;
  const selected = select(store, { rows, instants, hashes }, { params, marks });
  await step();
  const timeOrder = orderByTime(instants, marks.dropped);
  await step();
  const cases = casesOf(store, { rows, instants, timeOrder, courses: selected.courses }, params);
  await step();
  return {
    rows,
    instants,
    timeOrder,
    cases,
    classified,
    ...selected,
    rejected: allRejected(store, rows, dating.impossible),
    dateOrder: dating.dateOrder,
    hasYearlessDates: dating.hasYearlessDates,
  };
}

function dateRows(store: LogStore, times: Float64Array, { params, language, nowSeconds }: ClassifyOptions) {
  const given = orderOfFormat(params.date_format);
  const dateOrder = decideDateOrder(store.evidence, { given, language });
  const hasYearlessDates = store.evidence.withoutYear > 0;
  const zone = new Zone(params.timezone ?? "UTC");
  const resolved = resolveTimes(times, { order: dateOrder.order, zone, hasYearlessDates, nowSeconds });
  return { ...resolved, dateOrder, hasYearlessDates };
}

/** Finds staff and drops what the params say. */
function select(
  store: LogStore,
  log: { readonly rows: LogRows; readonly instants: SharedColumn; readonly hashes: Float64Array | undefined },
  how: {
    readonly params: Params;
    readonly marks: { readonly isTeaching: readonly boolean[]; readonly dropped: Uint8Array };
  },
) {
  const { rows, instants, hashes } = log;
  const { params, marks } = how;
  const dropped: DroppedCounts = { duplicates: 0, excluded_users: 0, excluded_staff: 0 };
  if (hashes !== undefined) {
    const timeOrder = orderByTime(instants, marks.dropped);
    dropped.duplicates = dropDuplicates(rows, { hashes, instants, timeOrder }, marks.dropped);
  }
  if (params.exclude_users.length > 0) {
    dropped.excluded_users = dropActors(rows, actorsNamed(store.actors, params.exclude_users), marks.dropped);
  }
  const isStaff = findStaff(rows, store.actors, marks);
  if (params.exclude_staff) dropped.excluded_staff = dropActors(rows, isStaff, marks.dropped);
  return { dropped, isStaff, courses: coursesOf(store.places) };
}

function casesOf(
  store: LogStore,
  log: {
    readonly rows: LogRows;
    readonly instants: SharedColumn;
    readonly timeOrder: SharedColumn;
    readonly courses: readonly string[];
  },
  params: Params,
): Cases {
  const names = [...new Set(log.courses)];
  const numbers = new Map(names.map((name, index) => [name, index]));
  return assignCases(log.rows, log, {
    by: params.case,
    sessionGapSeconds: params.session_gap_minutes * 60,
    courseOfPlace: Uint32Array.from(log.courses, (course) => numbers.get(course) ?? 0),
    courses: names,
    actorCount: store.actors.length,
  });
}

function allRejected(store: LogStore, rows: LogRows, impossible: readonly number[]): readonly RejectedRow[] {
  if (impossible.length === 0) return store.rejected;
  const dates = impossible.map((row): RejectedRow => {
    return {
      offset: offsetOfRow(rows, row),
      line: rows.lines[row] as number,
      reason: "impossible_date",
    };
  });
  return [...store.rejected, ...dates].sort((a, b) => a.offset - b.offset);
}
