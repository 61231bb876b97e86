import type { LogRows, SharedColumn } from "../load/log-store.js";
import type { Layout } from "../reading/layout.js";
import type { Activity } from "../rules/activity.js";

/** A kind of event as the outputs show it. */
export interface ExportKind {
  readonly activity: Activity;
  readonly component: string;
  readonly eventName: string;
  readonly module: string;
  readonly isLoginAs: boolean;
}

/** A place as the outputs show it. */
export interface ExportPlace {
  readonly context: string;
  readonly course: string;
  readonly moduleId: string;
}

/** What the name of an event is in XES. */
export type ActivityKey = "activity" | "event_name" | "component_event";

/** The classified log, as every thread that writes outputs needs it. Big parts are shared memory. */
export interface ExportSource {
  readonly path: string;
  readonly sizeBytes: number;
  readonly layout: Layout;
  readonly rows: LogRows;
  /** Seconds since 1970, UTC, by row. */
  readonly instants: SharedColumn;
  /** Rows in ascending time. */
  readonly timeOrder: SharedColumn;
  /** The same rows by case, ascending in time within each. */
  readonly caseOrder: SharedColumn;
  /** Case by row. */
  readonly cases: SharedColumn;
  readonly caseLabels: CaseLabels;
  readonly actors: readonly { readonly label: string; readonly isStaff: boolean }[];
  readonly kinds: readonly ExportKind[];
  readonly places: readonly ExportPlace[];
  readonly timezone: string;
  readonly activityKey: ActivityKey;
  readonly neutralizesFormulas: boolean;
  /** How many pieces of output can be waiting to be written. */
  readonly piecesAhead: number;
}

/** Names of cases, by number, made when asked for: there can be as many as rows. */
export interface CaseLabels {
  readonly by: "user" | "user_course" | "session";
  /** Actor by case. */
  readonly actors: SharedColumn;
  /** By case: a number into `courses`, the session's number, or nothing. */
  readonly parts: SharedColumn;
  readonly courses: readonly string[];
}

/** The name of a case, as `user-5`, `user-5 @ Algorithms`, `user-5 #3`. */
export function caseLabel(source: Pick<ExportSource, "caseLabels" | "actors">, caseNumber: number): string {
  const { by, actors, parts, courses } = source.caseLabels;
  const actor = source.actors[actors[caseNumber] as number]?.label ?? "unknown";
  const part = parts[caseNumber] as number;
  if (by === "session") return `${actor} #${part}`;
  return by === "user_course" ? `${actor} @ ${courses[part] || "no course"}` : actor;
}

/** What is known of the role behind a row: what the event tells, else what the user's other events tell. */
export function roleHint(kind: ExportKind, isStaff: boolean): string {
  if (kind.activity === "Teach") return "teaching";
  if (kind.activity === "System") return "system";
  if (kind.isLoginAs) return "login_as";
  return isStaff ? "probable_staff" : "";
}
