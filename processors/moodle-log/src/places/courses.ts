import { LANGUAGES, NAMES, normalName } from "../reading/headings.js";

/** Where something happened, in numbers: a log has many places and few distinct texts. Number 0 is the empty text. */
export interface Place {
  /** The cell of the Event context column, for `Places.contextText`. */
  readonly context: number;
  /** The Course column of a site-level log, for `Places.courseText`. */
  readonly course: number;
  /** The id in the description, for `Places.idText`. */
  readonly courseId: number;
}

/** The places of a log. */
export interface Places {
  readonly count: number;
  /** How many distinct cells the Event context column has. */
  readonly contextCount: number;
  /** How many distinct cells the Course column has. */
  readonly courseCount: number;
  at(place: number): Place;
  contextText(context: number): string;
  courseText(course: number): string;
  idText(id: number): string;
}

/** The courses of a log. */
export interface Courses {
  /** The first is empty: of places of which the log does not tell the course. */
  readonly names: readonly string[];
  /** By place: a number into `names`. */
  readonly ofPlace: readonly number[];
  /** Number into `names` by course id, as the descriptions tell it. */
  readonly byId: ReadonlyMap<string, number>;
}

const COURSE_WORDS = new Set(LANGUAGES.flatMap((l) => NAMES.headings[l].course));

/** The course of each place: its name, or `course-` and its id, or empty when the log does not tell. */
export function coursesOf(places: Places): Courses {
  const names = new Map([["", 0]]);
  const numberOf = (name: string): number => {
    const number = names.get(name) ?? names.size;
    names.set(name, number);
    return number;
  };
  const inColumn = listOf(places.courseCount, (course) => numberOf(nameInColumn(places.courseText(course))));
  const inContext = listOf(places.contextCount, (cell) => numberOf(nameInContext(places.contextText(cell))));
  const named = ({ context, course }: Place) => inColumn[course] || inContext[context] || 0;
  const byId = new Map<number, number>();
  for (let at = 0; at < places.count; at++) {
    const place = places.at(at);
    if (place.courseId !== 0 && named(place) !== 0 && !byId.has(place.courseId))
      byId.set(place.courseId, named(place));
  }
  const courseOf = (place: Place): number => {
    if (named(place) !== 0 || place.courseId === 0) return named(place);
    const number = byId.get(place.courseId) ?? numberOf(`course-${places.idText(place.courseId)}`);
    byId.set(place.courseId, number);
    return number;
  };
  const ofPlace = listOf(places.count, (at) => courseOf(places.at(at)));
  const distinct = new Set(ofPlace);
  distinct.delete(0);
  const [only] = distinct;
  // A log of one course does not repeat it on every row; where only one is ever named, all rows are of it.
  const used = distinct.size === 1 && only !== undefined ? ofPlace.map(() => only) : ofPlace;
  // Texts are numbered as the threads come, places as they stand in the log; so the courses are numbered anew.
  const numbers = new Map([[0, 0]]);
  for (const number of used) if (!numbers.has(number)) numbers.set(number, numbers.size);
  const all = [...names.keys()];
  const renumbered = (number: number) => numbers.get(number) ?? 0;
  return {
    names: [...numbers.keys()].map((number) => all[number] ?? ""),
    ofPlace: used.map(renumbered),
    byId: new Map([...byId].map(([id, number]) => [places.idText(id), renumbered(number)])),
  };
}

/**
 * Which courses a list of names and ids means: by id, as `177` or `course-177`, or by name without regard to case and
 * accents, where `*` stands for any characters.
 * @returns by number into `names`; and the entries that mean none.
 */
export function coursesNamed(
  { names, byId }: Courses,
  wanted: readonly string[],
): { readonly isNamed: readonly boolean[]; readonly unknown: readonly string[] } {
  const isNamed = names.map(() => false);
  const unknown = wanted.filter((entry) => {
    const id = /^(?:course-)?(\d+)$/.exec(entry.trim())?.[1] ?? "";
    const pattern = new RegExp(
      `^${normalName(entry)
        .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*")}$`,
      "s",
    );
    const found = names.flatMap((name, number) =>
      number > 0 && (byId.get(id) === number || pattern.test(normalName(name))) ? [number] : [],
    );
    for (const number of found) isNamed[number] = true;
    return found.length === 0;
  });
  return { isNamed, unknown };
}

function listOf(length: number, of: (index: number) => number): number[] {
  return Array.from({ length }, (_, index) => of(index));
}

function nameInColumn(cell: string): string {
  const name = cell.trim();
  return name === "-" ? "" : name;
}

function nameInContext(cell: string): string {
  const match = /^([^:]{1,20}?)\s?: ?(.+)$/s.exec(cell);
  return match !== null && isCourseWord(match[1] ?? "") ? (match[2] ?? "").trim() : "";
}

/** Whether contexts of courses begin with this word, in any language whose headings are known. */
export function isCourseWord(word: string): boolean {
  return COURSE_WORDS.has(word);
}
