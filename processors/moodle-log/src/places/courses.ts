import { LANGUAGES, NAMES } from "../reading/headings.js";

/** Where something happened. */
export interface Place {
  /** The cell of the Event context column. */
  readonly context: string;
  /** From the Course column of a site-level log; empty else. */
  readonly course: string;
  /** From the description; empty when it names none. */
  readonly courseId: string;
  /** Course module id from the description; empty when it names none. */
  readonly moduleId: string;
}

const COURSE_WORDS = new Set(LANGUAGES.flatMap((l) => NAMES.headings[l].course));

/** The course of each place: its name, or `course-` and its id, or empty when the log does not tell. */
export function coursesOf(places: readonly Place[]): readonly string[] {
  const names = namesById(places);
  const told = places.map((place) => {
    const named = nameIn(place);
    if (named !== "") return named;
    if (place.courseId === "") return "";
    return names.get(place.courseId) ?? `course-${place.courseId}`;
  });
  const distinct = new Set(told.filter((name) => name !== ""));
  const [only] = distinct;
  // A log of one course does not repeat it on every row; where only one is ever named, all rows are of it.
  return distinct.size === 1 && only !== undefined ? told.map(() => only) : told;
}

function namesById(places: readonly Place[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const place of places) {
    const named = nameIn(place);
    if (named !== "" && place.courseId !== "" && !names.has(place.courseId)) names.set(place.courseId, named);
  }
  return names;
}

function nameIn(place: Place): string {
  const column = place.course.trim();
  if (column !== "" && column !== "-") return column;
  const match = /^([^:]{1,20}?)\s?: ?(.+)$/s.exec(place.context);
  return match !== null && COURSE_WORDS.has(match[1] ?? "") ? (match[2] ?? "").trim() : "";
}
