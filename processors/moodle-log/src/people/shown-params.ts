import type { Params } from "../params.js";
import type { ShownPeople } from "./shown-people.js";

/** The params as the summary repeats them: without the secret, and naming people as all outputs do. */
export function shownParams(params: Params, people: ShownPeople): unknown {
  const { pseudonym_salt, exclude_users, roles, courses, ...rest } = params;
  return {
    ...rest,
    ...(pseudonym_salt === undefined ? {} : { pseudonym_salt: "(given)" }),
    ...(roles === undefined ? {} : { roles: people.isPseudonymous ? "(given)" : roles }),
    courses: courses.map((course) => people.inText(course)),
    exclude_users: exclude_users.map((entry) => people.inList(entry)),
  };
}
