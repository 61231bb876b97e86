import { csvText, type ResourceUse } from "../kernel/index.js";
import { type ContextType, contextName, contextType } from "../places/context-name.js";

/** A course module or context as tables and the report show it. */
export interface ShownResource {
  readonly use: ResourceUse;
  /** Name of its course; empty when the log does not tell. */
  readonly courseName: string;
  /** Module type as `quiz`; `course`, `user` (all profiles together), or the type of another context. */
  readonly type: string;
  readonly name: string;
  /** Whether it is an activity or a file of a course, and not a course, a profile or another place. */
  readonly isModule: boolean;
  /** Share of the course's students who ever used it. */
  readonly reachPercent: number;
}

/** What the numbers of a resource stand for. */
export interface ResourceNames {
  readonly modules: readonly string[];
  readonly courses: readonly string[];
}

/** Names a resource. */
export function shownResource(use: ResourceUse, names: ResourceNames): ShownResource {
  const { type, name } = contextName(use.context);
  const context = contextType(type);
  return {
    use,
    courseName: names.courses[use.course] ?? "",
    type: typeOf(use, context, names.modules),
    name: isNamed(use, context) ? name : "",
    isModule: use.moduleId !== "" || context.sort === "module",
    reachPercent: Math.round((1000 * use.students) / Math.max(1, use.studentsOfCourse)) / 10,
  };
}

function typeOf(
  { moduleId, module }: ResourceUse,
  { sort, slug }: ContextType,
  modules: readonly string[],
): string {
  if (moduleId !== "" || sort === "module") return modules[module] ?? slug;
  return sort === "other" ? slug || "other" : sort;
}

/** A module that the log only tells of in its course, as when it was deleted, has no name; nor have profiles. */
function isNamed({ moduleId }: ResourceUse, { sort }: ContextType): boolean {
  return moduleId === "" ? sort !== "user" : sort === "module" || sort === "other";
}

/** The first line of activities.csv. */
export const ACTIVITIES_HEADER =
  "course,course_module_id,type,name,users,students,students_of_course,reach_percent,views,actions,first_use,last_use\r\n";

/**
 * The row of a resource.
 * @param style.momentOf an instant, in seconds since 1970, as RFC 3339.
 */
export function activityRow(
  resource: ShownResource,
  style: { readonly momentOf: (instant: number) => string; readonly neutralizesFormulas: boolean },
): string {
  const own = (text: string) => csvText(text, style.neutralizesFormulas);
  const moment = (instant: number) => (instant === 0 ? "" : style.momentOf(instant));
  const { use, reachPercent } = resource;
  const { users, students, studentsOfCourse, views, actions } = use;
  const cells = [
    ...[own(resource.courseName), own(use.moduleId), own(resource.type), own(resource.name)],
    ...[users, students, studentsOfCourse, reachPercent, views, actions],
    ...[moment(use.first), moment(use.last)],
  ];
  return `${cells.join(",")}\r\n`;
}
