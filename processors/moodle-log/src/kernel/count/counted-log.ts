import type { ArrangedLog } from "../arrange/arranged-log.js";
import type { PlaceTable } from "../load/log-tables.js";
import { type CalendarTally, tallyCalendar } from "./calendar-tally.js";
import { type CountSpec, rolesOf, STUDENT } from "./count-spec.js";
import { type Follow, FollowGraph } from "./follow-graph.js";
import { countPeople, type PersonCounts } from "./person-counts.js";
import { ResourceTally, type ResourceUse } from "./resource-tally.js";

/**
 * What is counted of a log beside its events: people, resources, calendar, and which activity follows which. Three
 * passes over the columns: in order of time when it is made, by case for `follows`, by person for `people`. It takes
 * 2 bytes a row as long as it lives, and 4 more while people are counted.
 */
export class CountedLog {
  readonly calendar: Omit<CalendarTally, "days">;
  readonly #log: ArrangedLog;
  readonly #spec: CountSpec;
  readonly #roles: Uint8Array;
  readonly #calendar: CalendarTally;
  readonly #resources: ResourceTally;
  #areAllCounted = false;

  constructor(log: ArrangedLog, places: PlaceTable, spec: CountSpec) {
    this.#log = log;
    this.#spec = spec;
    this.#roles = rolesOf(log.isPerson, spec.isStaff);
    this.#calendar = tallyCalendar(log.columns, this.#roles, spec);
    this.calendar = this.#calendar;
    this.#resources = new ResourceTally(log.columns, places, spec);
    const { timeOrder } = log.columns;
    for (let i = 0; i < timeOrder.length; i++) this.#resources.addRow(timeOrder[i] as number);
  }

  /** Which activity comes right after which in a case: in all cases, and in those of students alone. */
  follows(): { readonly all: readonly Follow[]; readonly students: readonly Follow[] } {
    const { rows, instants, cases } = this.#log.columns;
    const { caseOrder } = cases;
    const [all, students] = [0, 1].map(() => new FollowGraph(this.#spec.activityCount)) as [
      FollowGraph,
      FollowGraph,
    ];
    for (let i = 1; i < caseOrder.length; i++) {
      const [before, row] = [caseOrder[i - 1] as number, caseOrder[i] as number];
      if (cases.cases[before] !== cases.cases[row]) continue;
      const from = this.#spec.activityOfKind[rows.kinds[before] as number] as number;
      const to = this.#spec.activityOfKind[rows.kinds[row] as number] as number;
      const gap = (instants[row] as number) - (instants[before] as number);
      all.add(from, to, gap);
      if (this.#roles[rows.actors[row] as number] === STUDENT) students.add(from, to, gap);
    }
    return { all: all.edges(), students: students.edges() };
  }

  /** What each person did; asked for once, and to the end, before `resources`. */
  *people(): Generator<PersonCounts> {
    yield* countPeople(this.#log.columns, this.#roles, {
      calendar: this.#calendar,
      spec: this.#spec,
      onRow: (row, actor, role) => this.#resources.addVisit(row, actor, role),
    });
    this.#areAllCounted = true;
  }

  /** How each resource was used, by course. */
  resources(): Iterable<ResourceUse> {
    if (!this.#areAllCounted) throw new Error("Resources are asked for before all people are counted.");
    return this.#resources.resources();
  }
}
