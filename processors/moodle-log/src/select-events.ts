import { InputInvalidError } from "@drover/processor-sdk";
import { type DatedLog, type LogStore, rfc3339 } from "./kernel/index.js";
import type { Params } from "./params.js";
import { actorsNamed, isPerson } from "./people/actor.js";
import { type Participant, ParticipantsError, readParticipants } from "./people/participants.js";
import { type SettledPeople, settlePeople } from "./people/settled-people.js";
import { type Courses, coursesNamed } from "./places/courses.js";
import { normalName } from "./reading/headings.js";
import type { Classified } from "./rules/classify-event.js";
import { NoMomentError, periodOf } from "./time/period.js";

/** Rows that were left out by an option, by the option. */
export interface DroppedCounts {
  readonly duplicates: number;
  readonly excluded_users: number;
  readonly excluded_staff: number;
  readonly outside_period: number;
  readonly other_courses: number;
  readonly other_groups: number;
}

/** Which events count, and who is staff. */
export interface SelectedEvents {
  readonly dropped: DroppedCounts;
  /** By actor: settled by the participants list, else told by what they do. */
  readonly isStaff: readonly boolean[];
  /** What the participants list settles; `undefined` without one. */
  readonly settled: SettledPeople | undefined;
  /** Entries of the `courses` param that mean no course of the log. */
  readonly unknownCourses: readonly string[];
  /** Entries of the `groups` param in which nobody of the list is. */
  readonly unknownGroups: readonly string[];
}

/** What is known of the log when events are selected. */
interface Known {
  readonly params: Params;
  /** Of a list beside the log; what the `roles` param says goes before it. */
  readonly participants: readonly Participant[] | undefined;
  readonly classified: readonly Classified[];
  readonly courses: Courses;
}

/**
 * Finds staff and drops what the params say. Who was excluded is no staff; who taught outside of the period or the
 * courses is.
 * @throws {InputInvalidError} when nothing is left by the period, the courses or the groups, or a param makes no sense.
 */
export function selectEvents(store: LogStore, dated: DatedLog, known: Known): SelectedEvents {
  const { params, classified, courses } = known;
  const { actors } = store;
  const settled = inWords(() => {
    const people = params.roles === undefined ? known.participants : readParticipants(params.roles);
    return people === undefined ? undefined : settlePeople(actors, people);
  });
  const duplicates = params.drop_duplicates ? dated.dropDuplicates() : 0;
  const { exclude_users } = params;
  const excluded_users = exclude_users.length > 0 ? dated.dropActors(actorsNamed(actors, exclude_users)) : 0;
  const teaches = dated.actorsOf(classified.map(({ isTeaching }) => isTeaching));
  const isStaff = teaches.map((does, actor) => {
    const standing = settled?.standings[actor];
    return standing === undefined ? does && isPerson(actors.at(actor)) : standing === "staff";
  });
  const outside_period = dropOutsidePeriod(dated, params);
  const { other_courses, unknownCourses } = dropOtherCourses(dated, params, courses);
  const { other_groups, unknownGroups } = dropOtherGroups(dated, params, settled);
  const excluded_staff = params.exclude_staff ? dated.dropActors(isStaff) : 0;
  const dropped = { duplicates, excluded_users, excluded_staff, outside_period, other_courses, other_groups };
  return { isStaff, dropped, settled, unknownCourses, unknownGroups };
}

function dropOutsidePeriod(dated: DatedLog, params: Params): number {
  const { from, to, timezone = "UTC" } = params;
  if (from === undefined && to === undefined) return 0;
  const period = inWords(() => periodOf({ from, to }, timezone));
  const span = dated.span;
  const dropped = dated.dropOutside(period);
  if (span === undefined || dated.span !== undefined) return dropped;
  const words = [from === undefined ? [] : [`from ${from}`], to === undefined ? [] : [`to ${to}`]].flat();
  throw new InputInvalidError(
    `No event lies in the period that was asked for (${words.join(" ")}, time zone ${timezone}). The log goes from ` +
      `${rfc3339(span[0], timezone)} to ${rfc3339(span[1], timezone)}.`,
  );
}

function dropOtherCourses(dated: DatedLog, params: Params, courses: Courses) {
  if (params.courses.length === 0) return { other_courses: 0, unknownCourses: [] };
  const { isNamed, unknown } = coursesNamed(courses, params.courses);
  const hadEvents = dated.span !== undefined;
  const other_courses = dated.dropPlaces(courses.ofPlace.map((course) => isNamed[course] !== true));
  if (hadEvents && dated.span === undefined) {
    const known = courses.names.filter((name) => name !== "");
    const shown = params.pseudonymize === "off" ? `: ${known.slice(0, 10).join("; ")}` : "";
    const more = known.length > 10 && shown !== "" ? "; …" : "";
    throw new InputInvalidError(
      `No event is of the courses that were asked for (courses). The log has ${known.length} ` +
        `${known.length === 1 ? "course" : "courses"}${shown}${more}.`,
    );
  }
  return { other_courses, unknownCourses: unknown };
}

function dropOtherGroups(dated: DatedLog, params: Params, settled: SettledPeople | undefined) {
  if (params.groups.length === 0) return { other_groups: 0, unknownGroups: [] };
  if (settled === undefined) {
    throw new InputInvalidError(
      "A log does not tell who is in which group: the groups param needs the roles param, or a " +
        "participants list beside the log in a ZIP, with groups in it.",
    );
  }
  const wanted = new Set(params.groups.map(normalName));
  const inGroups = new Set(settled.groups.flat());
  const hadEvents = dated.span !== undefined;
  const other_groups = dated.dropActors(settled.groups.map((own) => !own.some((group) => wanted.has(group))));
  if (hadEvents && dated.span === undefined) {
    throw new InputInvalidError(
      "No event is of somebody who is in the groups that were asked for (groups), as the roles param tells them.",
    );
  }
  return { other_groups, unknownGroups: params.groups.filter((group) => !inGroups.has(normalName(group))) };
}

/** What a param makes impossible is the sender's to mend. */
function inWords<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NoMomentError || error instanceof ParticipantsError) {
      throw new InputInvalidError(error.message, { cause: error });
    }
    throw error;
  }
}
