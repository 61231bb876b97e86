import { csvText, type PersonCounts } from "../kernel/index.js";
import { ACTIVITY_NAMES, levelOf } from "../rules/rules.js";

/** Levels in their order, and events without one last. */
export const LEVELS = ["Remember", "Understand", "Apply", "Analyze", "Evaluate", "Create", "N/A"] as const;

/** By level: the numbers of its activities. */
const ACTIVITIES_OF_LEVEL = LEVELS.map((level) =>
  [...ACTIVITY_NAMES.keys()].filter((activity) => levelOf(ACTIVITY_NAMES[activity] ?? "Others") === level),
);

/** Counts by level, as in `LEVELS`, from counts by activity. */
export function countsByLevel(byActivity: readonly number[]): number[] {
  return ACTIVITIES_OF_LEVEL.map((activities) =>
    activities.reduce((sum, activity) => sum + (byActivity[activity] ?? 0), 0),
  );
}

/** What the columns of students.csv are about. */
export interface StudentColumns {
  readonly modules: readonly string[];
  /** First days of the weeks, in seconds since 1970 as the clock shows them. */
  readonly mondays: readonly number[];
  /** Whether the log has other weeks; their events are counted together. */
  readonly hasOtherWeeks: boolean;
  /** Whether the full name stands beside the actor. */
  readonly hasNames: boolean;
}

/** The first line of students.csv. */
export function studentsHeader({ modules, mondays, hasOtherWeeks, hasNames }: StudentColumns): string {
  const columns = [
    ...[
      "actor",
      ...(hasNames ? ["actor_name"] : []),
      "probable_staff",
      "events",
      "active_days",
      "sessions",
      "minutes",
    ],
    ...["first_event", "last_event", "longest_pause_days"],
    ...LEVELS.map((level) => `level_${level === "N/A" ? "none" : level.toLowerCase()}`),
    ...ACTIVITY_NAMES.map((activity) => `activity_${activity.toLowerCase()}`),
    ...modules.map((module) => `module_${module}`),
    ...mondays.map((monday) => `week_${new Date(monday * 1000).toISOString().slice(0, 10)}`),
    ...(hasOtherWeeks ? ["week_earlier"] : []),
  ];
  return `${columns.map((column) => csvText(column, true)).join(",")}\r\n`;
}

/** How a person's row is written. */
export interface StudentStyle {
  /** What the `actor` column shows of an actor. */
  readonly labelOf: (actor: number) => string;
  readonly nameOf?: (actor: number) => string;
  /** An instant, in seconds since 1970, as RFC 3339. */
  readonly momentOf: (instant: number) => string;
  readonly neutralizesFormulas: boolean;
}

const DAY_SECONDS = 86_400;

/** The row of a person. */
export function studentRow(person: PersonCounts, columns: StudentColumns, style: StudentStyle): string {
  const weeks = columns.hasOtherWeeks ? person.byWeek : person.byWeek.slice(0, columns.mondays.length);
  const cells = [
    csvText(style.labelOf(person.actor), style.neutralizesFormulas),
    ...(columns.hasNames ? [csvText(style.nameOf?.(person.actor) ?? "", style.neutralizesFormulas)] : []),
    person.isStaff,
    person.events,
    person.activeDays,
    person.sessions,
    Math.round(person.sessionSeconds / 60),
    style.momentOf(person.first),
    style.momentOf(person.last),
    Math.round((10 * person.longestPauseSeconds) / DAY_SECONDS) / 10,
  ];
  const counts = [countsByLevel(person.byActivity), person.byActivity, person.byModule, weeks];
  const lists = counts.filter((list) => list.length > 0).map((list) => list.join(","));
  return `${cells.join(",")},${lists.join(",")}\r\n`;
}
