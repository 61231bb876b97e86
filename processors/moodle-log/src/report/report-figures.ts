import type { PersonCounts } from "../kernel/index.js";
import type { ShownResource } from "../outputs/activities-csv.js";
import { Shortlist } from "./shortlist.js";

/** A student as the report shows one. */
export interface ShownStudent {
  readonly label: string;
  readonly events: number;
  readonly activeDays: number;
  readonly sessions: number;
  readonly sessionSeconds: number;
  /** Seconds since 1970. */
  readonly last: number;
  readonly longestPauseSeconds: number;
  /** By week; of all weeks that are not shown one by one, last. */
  readonly byWeek: readonly number[];
}

const MOST_STUDENTS = 500;
const MOST_RESOURCES = 150;
const DAY_SECONDS = 86_400;
/** Whoever was not seen for so many days is counted as gone quiet. */
export const UNSEEN_DAYS = 14;
/** Lowest number of whole days of each class of students by when they were last seen. */
export const SEEN_CLASSES = [0, 7, UNSEEN_DAYS, 30] as const;
/** What is read on the course page itself, and never opened. */
const NEVER_OPENED_TYPES = ["label"];

/** Gathers what the report shows of students and resources, however many there are, in bounded memory. */
export class ReportFigures {
  readonly students: Shortlist<ShownStudent>;
  readonly opened: Shortlist<ShownResource>;
  readonly unopened: Shortlist<ShownResource>;
  /** Students by when they were last seen, as in `SEEN_CLASSES`. */
  readonly byLastSeen: number[] = SEEN_CLASSES.map(() => 0);
  /** Students who did anything in a week; of all weeks that are not shown one by one, last. */
  readonly activeByWeek: number[];
  readonly #endSeconds: number;
  readonly #labelOf: (actor: number) => string;
  readonly #byActiveDays: number[] = [];

  constructor(options: {
    readonly weeks: number;
    /** From when on it is counted back when students were last seen, in seconds since 1970. */
    readonly endSeconds: number;
    readonly labelOf: (actor: number) => string;
  }) {
    this.#endSeconds = options.endSeconds;
    this.#labelOf = options.labelOf;
    this.activeByWeek = new Array<number>(options.weeks + 1).fill(0);
    this.students = new Shortlist(MOST_STUDENTS, (a, b) => a.last - b.last || a.events - b.events);
    this.opened = new Shortlist(MOST_RESOURCES, byReach);
    this.unopened = new Shortlist(
      MOST_RESOURCES,
      (a, b) => b.use.last - a.use.last || (a.name < b.name ? -1 : 1),
    );
  }

  addPerson(person: PersonCounts): void {
    if (person.isStaff) return;
    const days = this.daysAgo(person.last);
    const seen = SEEN_CLASSES.findLastIndex((least) => days >= least);
    this.byLastSeen[seen] = (this.byLastSeen[seen] ?? 0) + 1;
    this.#byActiveDays[person.activeDays] = (this.#byActiveDays[person.activeDays] ?? 0) + 1;
    for (const [week, events] of person.byWeek.entries())
      if (events > 0) this.activeByWeek[week] = (this.activeByWeek[week] ?? 0) + 1;
    const { actor, byWeek, ...counts } = person;
    this.students.add({ ...counts, label: this.#labelOf(actor), byWeek: [...byWeek] });
  }

  addResource(resource: ShownResource): void {
    if (!resource.isModule || NEVER_OPENED_TYPES.includes(resource.type)) return;
    if (resource.use.students > 0) this.opened.add(resource);
    else this.unopened.add(resource);
  }

  /** Whole days since a moment, at the end of the log or of the part of it that is shown. */
  daysAgo(instant: number): number {
    return Math.max(0, Math.floor((this.#endSeconds - instant) / DAY_SECONDS));
  }

  /** Students who were not seen for `UNSEEN_DAYS` or more. */
  get unseen(): number {
    return this.byLastSeen.slice(SEEN_CLASSES.indexOf(UNSEEN_DAYS)).reduce((sum, count) => sum + count, 0);
  }

  /** Active days of the student in the middle. */
  get medianActiveDays(): number {
    let below = 0;
    for (const [days, count = 0] of this.#byActiveDays.entries()) {
      below += count;
      if (below > 0 && 2 * below >= this.students.total) return days;
    }
    return 0;
  }
}

function byReach(a: ShownResource, b: ShownResource): number {
  return b.reachPercent - a.reachPercent || b.use.students - a.use.students || b.use.views - a.use.views;
}
