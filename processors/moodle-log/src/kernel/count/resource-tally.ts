import type { ArrangedColumns } from "../arrange/arranged-log.js";
import { radixSort } from "../arrange/time-order.js";
import type { PlaceTable } from "../load/log-tables.js";
import { type CountSpec, STUDENT } from "./count-spec.js";
import { numberResources, type ResourceNumbers } from "./resource-numbers.js";

/** How a resource was used: a course module, or a context that is none. */
export interface ResourceUse {
  /** The latest of the contexts that name it. */
  readonly context: string;
  /** Course module id; empty when the log tells none. */
  readonly moduleId: string;
  /** Number of its course. */
  readonly course: number;
  /** Number of its module type, or -1 when its events name none. */
  readonly module: number;
  /** People who used it, and students among them. */
  readonly users: number;
  readonly students: number;
  /** Students who did anything in its course. */
  readonly studentsOfCourse: number;
  readonly views: number;
  readonly actions: number;
  /** Seconds since 1970; 0 when it was never used. */
  readonly first: number;
  readonly last: number;
}

const USES = ["view", "action", "none"] as const;
const NONE = USES.indexOf("none");

/**
 * Counts the use of resources: who does it and how often. What teaching and the system do to a resource is no use.
 * `addRow` is called for all rows in order of time, `addVisit` for those of people, one person after the other.
 */
export class ResourceTally {
  readonly #columns: ArrangedColumns;
  readonly #places: PlaceTable;
  readonly #spec: CountSpec;
  readonly #numbers: ResourceNumbers;
  readonly #useOfKind: Uint8Array;
  readonly #views: Uint32Array;
  readonly #actions: Uint32Array;
  readonly #firsts: Uint32Array;
  readonly #lasts: Uint32Array;
  readonly #users: Uint32Array;
  readonly #students: Uint32Array;
  /** By resource: 1 more than its module type. */
  readonly #modules: Uint16Array;
  /** By resource: 1 more than the context that names it. */
  readonly #contexts: Uint32Array;
  /** By resource and by course: 1 more than the latest person who was counted for it. */
  readonly #latestUser: Uint32Array;
  readonly #latestOfCourse: Uint32Array;
  readonly #studentsOfCourse: Uint32Array;

  constructor(columns: ArrangedColumns, places: PlaceTable, spec: CountSpec) {
    this.#columns = columns;
    this.#places = places;
    this.#spec = spec;
    this.#numbers = numberResources(places, spec);
    this.#useOfKind = Uint8Array.from(spec.useOfKind, (use) => USES.indexOf(use));
    const perResource = () => new Uint32Array(this.#numbers.count);
    this.#views = perResource();
    this.#actions = perResource();
    this.#firsts = perResource();
    this.#lasts = perResource();
    this.#users = perResource();
    this.#students = perResource();
    this.#modules = new Uint16Array(this.#numbers.count);
    this.#contexts = perResource();
    this.#latestUser = perResource();
    this.#latestOfCourse = new Uint32Array(spec.courseCount);
    this.#studentsOfCourse = new Uint32Array(spec.courseCount);
  }

  addRow(row: number): void {
    const { rows, instants } = this.#columns;
    const place = rows.places[row] as number;
    const kind = rows.kinds[row] as number;
    const resource = this.#numbers.ofPlace[place] as number;
    this.#name(resource, this.#places.columns.contextOf[place] as number);
    const module = this.#spec.moduleOfKind[kind] as number;
    if (module >= 0) this.#modules[resource] = module + 1;
    const use = this.#useOfKind[kind] as number;
    if (use === NONE) return;
    const counts = use === 0 ? this.#views : this.#actions;
    (counts[resource] as number)++;
    if (this.#firsts[resource] === 0) this.#firsts[resource] = instants[row] as number;
    this.#lasts[resource] = instants[row] as number;
  }

  /** The latest name counts; that of the course, where a module was made or deleted, only while there is no other. */
  #name(resource: number, context: number): void {
    if (context === 0) return;
    const isModule = this.#numbers.moduleIds[resource] !== 0;
    const isItsName = !isModule || this.#numbers.sortOfContext[context] === "module";
    if (isItsName || this.#contexts[resource] === 0) this.#contexts[resource] = context + 1;
  }

  addVisit(row: number, actor: number, role: number): void {
    const { rows } = this.#columns;
    const place = rows.places[row] as number;
    const course = this.#spec.courseOfPlace[place] as number;
    if (role === STUDENT && this.#latestOfCourse[course] !== actor + 1) {
      this.#latestOfCourse[course] = actor + 1;
      (this.#studentsOfCourse[course] as number)++;
    }
    const resource = this.#numbers.ofPlace[place] as number;
    if (this.#useOfKind[rows.kinds[row] as number] === NONE || this.#latestUser[resource] === actor + 1)
      return;
    this.#latestUser[resource] = actor + 1;
    (this.#users[resource] as number)++;
    if (role === STUDENT) (this.#students[resource] as number)++;
  }

  /** The resources by course, in each those with most students first. */
  *resources(): Generator<ResourceUse> {
    const { courses, moduleIds } = this.#numbers;
    const students = this.#students;
    const of = (column: Uint32Array, at: number) => column[at] as number;
    const order = new Uint32Array(this.#numbers.count).map((_, resource) => resource);
    radixSort(
      order,
      this.#views.map((views, at) => ~(views + of(this.#actions, at))),
    );
    radixSort(
      order,
      students.map((count) => ~count),
    );
    radixSort(order, courses);
    for (const at of order) {
      const context = of(this.#contexts, at);
      yield {
        context: context === 0 ? "" : this.#places.contextText(context - 1),
        moduleId: this.#places.idText(of(moduleIds, at)),
        course: of(courses, at),
        module: (this.#modules[at] as number) - 1,
        users: of(this.#users, at),
        students: of(students, at),
        studentsOfCourse: of(this.#studentsOfCourse, of(courses, at)),
        views: of(this.#views, at),
        actions: of(this.#actions, at),
        first: of(this.#firsts, at),
        last: of(this.#lasts, at),
      };
    }
  }
}
