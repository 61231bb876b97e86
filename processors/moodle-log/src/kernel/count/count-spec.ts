/** What an event is to the activity or file that it is about: looked at, worked with, or neither. */
export type Use = "view" | "action" | "none";

/** Where an event happens: in a course module, a course, somebody's profile, or elsewhere. */
export type ContextSort = "module" | "course" | "user" | "other";

/** How a log is counted. Activities, module types and courses are numbers here. */
export interface CountSpec {
  /** IANA name of the zone whose days, weeks and hours count. */
  readonly timezone: string;
  /** By kind of event: its activity. */
  readonly activityOfKind: readonly number[];
  readonly activityCount: number;
  /** By kind of event: its module type, or -1 for none. */
  readonly moduleOfKind: readonly number[];
  readonly moduleCount: number;
  /** By kind of event. */
  readonly useOfKind: readonly Use[];
  /** By actor: whether they probably teach; all other people are students. */
  readonly isStaff: readonly boolean[];
  readonly courseOfPlace: readonly number[];
  readonly courseCount: number;
  /** A longer pause begins a new session. */
  readonly sessionGapSeconds: number;
  /** Called once for each distinct context. */
  readonly sortOfContext: (context: string) => ContextSort;
}

/** What an actor is to the counts. */
export const NOBODY = 0;
export const STUDENT = 1;
export const STAFF = 2;

/** By actor: one of the three. */
export function rolesOf(isPerson: Uint8Array, isStaff: readonly boolean[]): Uint8Array {
  return isPerson.map((is, actor) => (is === 0 ? NOBODY : isStaff[actor] ? STAFF : STUDENT));
}
