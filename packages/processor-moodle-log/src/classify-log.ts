import { assignCases, type Cases } from "./cases/cases.js";
import { coursesOf } from "./cases/courses.js";
import { actorsNamed, type DroppedCounts, dropActors, dropDuplicates, findStaff } from "./cases/selection.js";
import { orderByTime } from "./cases/time-order.js";
import type { LogRows, LogStore, SharedColumn } from "./load/log-store.js";
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

/** Decides about the loaded rows all that the outputs need. @param nowSeconds the newest plausible date of a log without years. */
export function classifyLog(
  store: LogStore,
  options: { readonly params: Params; readonly language: Language | undefined; readonly nowSeconds: number },
): ClassifiedLog {
  const { params } = options;
  const dateOrder = decideDateOrder(store.evidence, {
    given: orderOfFormat(params.date_format),
    language: options.language,
  });
  const hasYearlessDates = store.evidence.withoutYear > 0;
  const { rows, times, hashes } = store.takeRows();
  const { instants, impossible } = resolveTimes(times, {
    order: dateOrder.order,
    zone: new Zone(params.timezone ?? "UTC"),
    hasYearlessDates,
    nowSeconds: options.nowSeconds,
  });
  const rules = rulesWith(params.rules);
  const classified = store.kinds.map((kind) => classify(rules, kind));
  const marks = {
    isTeaching: classified.map(({ activity }) => activity === "Teach"),
    dropped: new Uint8Array(rows.count),
  };
  for (const row of impossible) marks.dropped[row] = 1;
  const selected = select(store, { rows, instants, hashes }, { params, marks });
  const timeOrder = orderByTime(instants, marks.dropped);
  return {
    rows,
    instants,
    timeOrder,
    cases: casesOf(store, { rows, instants, timeOrder, courses: selected.courses }, params),
    classified,
    ...selected,
    rejected: allRejected(store, rows, impossible),
    dateOrder,
    hasYearlessDates,
  };
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
    const stretch = stretchOf(rows.stretchRows, row);
    return {
      offset: (rows.stretchStarts[stretch] as number) + (rows.offsets[row] as number),
      line: rows.lines[row] as number,
      reason: "impossible_date",
    };
  });
  return [...store.rejected, ...dates].sort((a, b) => a.offset - b.offset);
}

function stretchOf(firstRows: Uint32Array, row: number): number {
  let stretch = 0;
  while (stretch + 1 < firstRows.length && (firstRows[stretch + 1] as number) <= row) stretch++;
  return stretch;
}
