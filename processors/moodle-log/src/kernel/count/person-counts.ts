import type { ArrangedColumns } from "../arrange/arranged-log.js";
import { orderByNumber } from "../arrange/case-order.js";
import type { CalendarTally } from "./calendar-tally.js";
import { type CountSpec, STAFF } from "./count-spec.js";
import { weekOfDay } from "./week-columns.js";

/** What one person did. The lists are used again for the next. */
export interface PersonCounts {
  readonly actor: number;
  readonly isStaff: boolean;
  readonly events: number;
  readonly activeDays: number;
  readonly sessions: number;
  /** Time between the first and the last event of each session, together. */
  readonly sessionSeconds: number;
  /** Seconds since 1970. */
  readonly first: number;
  readonly last: number;
  /** Longest time between two events. */
  readonly longestPauseSeconds: number;
  /** By activity. */
  readonly byActivity: readonly number[];
  /** By module type. */
  readonly byModule: readonly number[];
  /** By week; all weeks that are not counted one by one stand last. */
  readonly byWeek: readonly number[];
}

interface Visits {
  /** Called for each row of people, one person after the other. */
  readonly onRow: (row: number, actor: number, role: number) => void;
}

/**
 * Counts what each person did, in order of their numbers.
 * @param roles by actor; nobody is no person.
 */
export function* countPeople(
  columns: ArrangedColumns,
  roles: Uint8Array,
  options: { readonly calendar: CalendarTally; readonly spec: CountSpec } & Visits,
): Generator<PersonCounts> {
  const { rows, timeOrder } = columns;
  const { order } = orderByNumber(timeOrder, rows.actors, roles);
  const counter = new PersonCounter(columns, options.calendar, options.spec);
  let from = 0;
  while (from < order.length) {
    const actor = rows.actors[order[from] as number] as number;
    const role = roles[actor] as number;
    let to = from;
    counter.begin();
    for (; to < order.length && rows.actors[order[to] as number] === actor; to++) {
      const row = order[to] as number;
      counter.add(row);
      options.onRow(row, actor, role);
    }
    yield { actor, isStaff: role === STAFF, events: to - from, ...counter.counts() };
    from = to;
  }
}

class PersonCounter {
  readonly #columns: ArrangedColumns;
  readonly #calendar: CalendarTally;
  readonly #spec: CountSpec;
  readonly #byActivity: number[];
  readonly #byModule: number[];
  readonly #byWeek: number[];
  #day = -1;
  #days = 0;
  #sessions = 0;
  #seconds = 0;
  #first = -1;
  #last = -1;
  #pause = 0;

  constructor(columns: ArrangedColumns, calendar: CalendarTally, spec: CountSpec) {
    this.#columns = columns;
    this.#calendar = calendar;
    this.#spec = spec;
    const zeros = (length: number) => new Array<number>(length).fill(0);
    this.#byActivity = zeros(spec.activityCount);
    this.#byModule = zeros(spec.moduleCount);
    this.#byWeek = zeros(calendar.weeks.mondays.length + 1);
  }

  begin(): void {
    for (const counts of [this.#byActivity, this.#byModule, this.#byWeek]) counts.fill(0);
    this.#day = -1;
    this.#days = 0;
    this.#sessions = 0;
    this.#seconds = 0;
    this.#first = -1;
    this.#last = -1;
    this.#pause = 0;
  }

  /** @param row the person's next in time. */
  add(row: number): void {
    const { rows, instants } = this.#columns;
    const { days, weeks } = this.#calendar;
    const instant = instants[row] as number;
    this.#time(instant);
    const day = days[row] as number;
    if (day !== this.#day) this.#days++;
    this.#day = day;
    const week = weeks.columnOfWeek[weekOfDay(day) - weeks.firstWeek] as number;
    (this.#byWeek[week] as number)++;
    const kind = rows.kinds[row] as number;
    (this.#byActivity[this.#spec.activityOfKind[kind] as number] as number)++;
    const module = this.#spec.moduleOfKind[kind] as number;
    if (module >= 0) (this.#byModule[module] as number)++;
  }

  #time(instant: number): void {
    if (this.#first < 0) {
      this.#first = instant;
      this.#sessions = 1;
    } else {
      const gap = instant - this.#last;
      if (gap > this.#pause) this.#pause = gap;
      if (gap > this.#spec.sessionGapSeconds) this.#sessions++;
      else this.#seconds += gap;
    }
    this.#last = instant;
  }

  counts(): Omit<PersonCounts, "actor" | "isStaff" | "events"> {
    return {
      activeDays: this.#days,
      sessions: this.#sessions,
      sessionSeconds: this.#seconds,
      first: this.#first,
      last: this.#last,
      longestPauseSeconds: this.#pause,
      byActivity: this.#byActivity,
      byModule: this.#byModule,
      byWeek: this.#byWeek,
    };
  }
}
