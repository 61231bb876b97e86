import type { ShownPeople } from "../people/shown-people.js";
import type { Courses } from "../places/courses.js";
import type { GroupSpec } from "../rules/event-groups.js";
import { ACTIVITIES, type Activity } from "../rules/rules.js";

/** A kind of event as the outputs show it. */
export interface ShownKind {
  readonly activity: Activity;
  readonly component: string;
  readonly eventName: string;
  readonly module: string;
  readonly isLoginAs: boolean;
}

/** What the name of an event is in XES. */
export type ActivityKey = "activity" | "event_name" | "component_event";

/** How the outputs show a log. */
export interface OutputStyle {
  /** IANA name of the time zone in which times are written. */
  readonly timezone: string;
  readonly activityKey: ActivityKey;
  /** Whether cells that a spreadsheet would run get an apostrophe in front. */
  readonly neutralizesFormulas: boolean;
}

/** What is known of somebody's role: that they are staff, by a participants list or by what they do, or nothing. */
export type Standing = "" | "probable_staff" | "staff";

/** All standings, for columns of numbers. */
export const STANDINGS = ["", "probable_staff", "staff"] as const satisfies readonly Standing[];

/** What was decided about a log and stands in its outputs. */
export interface ShownLog extends OutputStyle {
  readonly kinds: readonly ShownKind[];
  /** By actor. */
  readonly standings: readonly Standing[];
  readonly courses: Courses;
  readonly people: ShownPeople;
  /** How events are put together to activities; `undefined` when they are not. */
  readonly grouping: GroupSpec | undefined;
}

/** What a case is: a user, a user in a course, or a session of a user. */
export type CaseBy = "user" | "user_course" | "session";

/**
 * The name of a case, as `user-5`, `user-5 @ Algorithms`, `user-5 #3`.
 * @param part the number of the session, or the name of the course.
 */
export function caseName(
  by: CaseBy,
  { actor, part }: { readonly actor: string; readonly part: number | string },
): string {
  if (by === "session") return `${actor} #${part}`;
  return by === "user_course" ? `${actor} @ ${part || "no course"}` : actor;
}

/** Whether a kind of event has a Bloom level, and so stands in the files of those, too. */
export function hasLevel({ activity }: ShownKind): boolean {
  return ACTIVITIES[activity].level !== undefined;
}

/** What is known of the role behind a row: what the event tells, else what is known of the user. */
export function roleHint(kind: ShownKind, standing: Standing): string {
  if (kind.activity === "Teach") return "teaching";
  if (kind.activity === "System") return "system";
  return kind.isLoginAs ? "login_as" : standing;
}
