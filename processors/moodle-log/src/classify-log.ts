import {
  type ArrangedLog,
  DatedLog,
  type LogStore,
  type RejectedRows,
  type YearBasis,
} from "./kernel/index.js";
import { orderOfFormat, type Params } from "./params.js";
import { actorsNamed, isPerson } from "./people/actor.js";
import { type Courses, coursesOf } from "./places/courses.js";
import type { Language } from "./reading/headings.js";
import { type Classified, classify } from "./rules/classify-event.js";
import { rulesWith } from "./rules/rules.js";
import { convertedDates, type DecidedOrder, decideDateOrder } from "./time/date-order.js";

/** Rows that were left out by an option, by the option. */
export interface DroppedCounts {
  readonly duplicates: number;
  readonly excluded_users: number;
  readonly excluded_staff: number;
}

/** The log with everything decided: times, kinds, cases, and which rows count. */
export interface ClassifiedLog {
  readonly arranged: ArrangedLog;
  /** By kind of event. */
  readonly classified: readonly Classified[];
  readonly courses: Courses;
  /** By actor: whether they ever do what only staff do. */
  readonly isStaff: readonly boolean[];
  readonly dropped: DroppedCounts;
  /** In the order of the file; impossible dates included. */
  readonly rejected: RejectedRows;
  readonly dateOrder: DecidedOrder;
  /** How the years of dates without one were found; `undefined` when all have one. */
  readonly yearBasis: YearBasis | undefined;
  /** See `convertedDates`. */
  readonly convertedDates: number;
  /** Whether events that count lie in the future. */
  readonly isInFuture: boolean;
  /** See `DatedLog`. */
  readonly mixedDates: readonly [string, string] | undefined;
}

/** How the loaded rows are decided about. */
export interface ClassifyOptions {
  readonly params: Params;
  readonly language: Language | undefined;
  /** The newest plausible date of a log without years, in seconds since 1970. */
  readonly nowSeconds: number;
  readonly signal: AbortSignal;
  /** Called after each step, a fraction of a second per million rows; a cancel is heard in between. */
  readonly onStep: (done: number, total: number) => void;
}

const STEPS = 4;
/** Clocks of time zones differ by less. */
const DAY_SECONDS = 86_400;

/** Decides about the loaded rows all that the outputs need; takes the rows out of the store. */
export async function classifyLog(store: LogStore, options: ClassifyOptions): Promise<ClassifiedLog> {
  const { params } = options;
  let steps = 0;
  const step = async () => {
    options.onStep(steps++, STEPS);
    await new Promise((resolve) => setImmediate(resolve));
    options.signal.throwIfAborted();
  };
  await step();
  const dateOrder = decideDateOrder(store.evidence, {
    given: orderOfFormat(params.date_format),
    language: options.language,
    nowSeconds: options.nowSeconds,
  });
  const dated = new DatedLog(store, {
    order: dateOrder.order,
    timezone: params.timezone ?? "UTC",
    hasYearlessDates: store.evidence.withoutYear > 0,
    nowSeconds: options.nowSeconds,
    year: params.year,
  });
  await step();
  const rules = rulesWith(params.rules);
  const classified = store.kinds.map((kind) => classify(rules, kind));
  const selected = select(store, dated, { params, classified });
  await step();
  const courses = coursesOf(store.places);
  const arranged = await dated.arrange(caseOptions(courses, params), step);
  await step();
  const { rejected, yearBasis, mixedDates } = dated;
  return {
    arranged,
    classified,
    courses,
    ...selected,
    rejected,
    dateOrder,
    yearBasis,
    convertedDates: convertedDates(store.evidence),
    isInFuture: (arranged.span?.[1] ?? 0) > options.nowSeconds + DAY_SECONDS,
    mixedDates,
  };
}

/** Finds staff and drops what the params say; who was dropped before is no staff. */
function select(
  store: LogStore,
  dated: DatedLog,
  { params, classified }: { readonly params: Params; readonly classified: readonly Classified[] },
): Pick<ClassifiedLog, "dropped" | "isStaff"> {
  const { actors } = store;
  const duplicates = params.drop_duplicates ? dated.dropDuplicates() : 0;
  const { exclude_users } = params;
  const excluded_users = exclude_users.length > 0 ? dated.dropActors(actorsNamed(actors, exclude_users)) : 0;
  const teaches = dated.actorsOf(classified.map(({ isTeaching }) => isTeaching));
  const isStaff = teaches.map((does, actor) => does && isPerson(actors.at(actor)));
  const excluded_staff = params.exclude_staff ? dated.dropActors(isStaff) : 0;
  return { isStaff, dropped: { duplicates, excluded_users, excluded_staff } };
}

function caseOptions({ ofPlace }: Courses, params: Params) {
  return {
    by: params.case,
    sessionGapSeconds: params.session_gap_minutes * 60,
    courseOfPlace: ofPlace,
  };
}
