import type { PlaceTable } from "../load/log-tables.js";
import { TupleInterner } from "../load/tuple-interner.js";
import type { ContextSort, CountSpec } from "./count-spec.js";

/** What people open: course modules, and contexts that are none, each with a number. */
export interface ResourceNumbers {
  readonly count: number;
  /** By place. */
  readonly ofPlace: Uint32Array;
  /** By resource: the number of its course module id, or 0. */
  readonly moduleIds: Uint32Array;
  /** By resource: the number of its course. */
  readonly courses: Uint32Array;
  /** By number of a context. */
  readonly sortOfContext: readonly ContextSort[];
}

/** In place of the one module that goes with a context: there are several. */
const SEVERAL = 0xffffffff;
/** First member of a resource's tuple: by course module, by context, or all profiles together. */
const [BY_MODULE, BY_CONTEXT, PROFILES] = [0, 1, 2];

/**
 * Numbers the resources of a log. Places with one course module id are one resource, whatever it was called over
 * time; a place that names a module but no id is that of the only id that goes with its name in the course; the
 * profiles of people are one resource together.
 */
export function numberResources(
  places: PlaceTable,
  spec: Pick<CountSpec, "courseOfPlace" | "sortOfContext">,
): ResourceNumbers {
  const { contextOf, moduleIdOf } = places.columns;
  const sortOfContext = Array.from({ length: places.contextCount }, (_, context) =>
    spec.sortOfContext(places.contextText(context)),
  );
  const names = new TupleInterner(2);
  const nameOf = new Uint32Array(places.count);
  const moduleOfName = new Uint32Array(places.count);
  for (let place = 0; place < places.count; place++) {
    const context = contextOf[place] as number;
    if (sortOfContext[context] !== "module") continue;
    const name = names.intern(context, spec.courseOfPlace[place] as number);
    nameOf[place] = name;
    const id = moduleIdOf[place] as number;
    if (id !== 0) moduleOfName[name] = [0, id].includes(moduleOfName[name] as number) ? id : SEVERAL;
  }
  const resources = new TupleInterner(3);
  const moduleOfPlace = (place: number): number => {
    const id = moduleIdOf[place] as number;
    if (id !== 0 || sortOfContext[contextOf[place] as number] !== "module") return id;
    const only = moduleOfName[nameOf[place] as number] as number;
    return only === SEVERAL ? 0 : only;
  };
  const ofPlace = new Uint32Array(places.count);
  const courses: number[] = [];
  for (let place = 0; place < places.count; place++) {
    const context = contextOf[place] as number;
    const course = spec.courseOfPlace[place] as number;
    const module = moduleOfPlace(place);
    const resource =
      module !== 0
        ? resources.intern(BY_MODULE, module)
        : sortOfContext[context] === "user"
          ? resources.intern(PROFILES)
          : resources.intern(BY_CONTEXT, context, course);
    ofPlace[place] = resource;
    courses[resource] ||= sortOfContext[context] === "user" && module === 0 ? 0 : course;
  }
  const by = resources.column(0);
  const moduleIds = resources.column(1).map((id, resource) => (by[resource] === BY_MODULE ? id : 0));
  return { count: resources.size, ofPlace, moduleIds, courses: Uint32Array.from(courses), sortOfContext };
}
