import {
  type ArrangedLog,
  DatedLog,
  type LogStore,
  type RejectedRows,
  type YearBasis,
} from "./kernel/index.js";
import { orderOfFormat, type Params } from "./params.js";
import type { Participant } from "./people/participants.js";
import { type Courses, coursesOf } from "./places/courses.js";
import type { Language } from "./reading/headings.js";
import { type Classified, classify } from "./rules/classify-event.js";
import { rulesWith } from "./rules/rules.js";
import { type SelectedEvents, selectEvents } from "./select-events.js";
import { convertedDates, type DecidedOrder, decideDateOrder } from "./time/date-order.js";

/** The log with everything decided: times, kinds, cases, and which rows count. */
export interface ClassifiedLog extends SelectedEvents {
  readonly arranged: ArrangedLog;
  /** By kind of event. */
  readonly classified: readonly Classified[];
  readonly courses: Courses;
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
  /** The people of a list that lies beside the log. */
  readonly participants: readonly Participant[] | undefined;
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
  const courses = coursesOf(store.places);
  const selected = selectEvents(store, dated, {
    ...{ params, classified, courses, participants: options.participants },
  });
  await step();
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

function caseOptions({ ofPlace }: Courses, params: Params) {
  return {
    by: params.case,
    sessionGapSeconds: params.session_gap_minutes * 60,
    courseOfPlace: ofPlace,
  };
}
