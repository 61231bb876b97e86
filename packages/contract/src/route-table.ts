import { accessRoutes } from "./access-routes.js";
import { auditRoutes } from "./audit-routes.js";
import { deskRoutes } from "./desk-routes.js";
import { jobRoutes } from "./job-routes.js";
import { legacyRoutes } from "./legacy-routes.js";
import { limitRoutes } from "./limit-routes.js";
import { loadRoutes } from "./load-routes.js";
import { operationRoutes } from "./operation-routes.js";
import type { Route } from "./route-parts.js";
import { webhookRoutes } from "./webhook-routes.js";

/** Every endpoint, once. The api mounts this table; `/openapi.json` and the client are computed from it. */
export const routes = {
  ...jobRoutes,
  ...webhookRoutes,
  ...accessRoutes,
  ...operationRoutes,
  ...loadRoutes,
  ...limitRoutes,
  ...auditRoutes,
  ...deskRoutes,
  ...legacyRoutes,
} as const;

export type RouteName = keyof typeof routes;

/**
 * @returns the endpoint's path with the params filled in, each percent-encoded.
 * @throws `TypeError` when one is missing.
 */
export function pathOf(route: Pick<Route, "path">, params: Readonly<Record<string, string>> = {}): string {
  return route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new TypeError(`${route.path} needs ${name}.`);
    return encodeURIComponent(value);
  });
}

/**
 * @returns the query string of a filter, without "?": `{ limit: 5, tag: { course: "CS101" } }` is
 *   `limit=5&tag.course=CS101`. Undefined members are left out.
 */
export function encodeQuery(query: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (typeof value === "object" && value !== null) {
      for (const [key, part] of Object.entries(value)) search.append(`${name}.${key}`, String(part));
    } else search.append(name, String(value));
  }
  return search.toString();
}

/**
 * @returns the members of a query string, `tag.<key>` gathered under `tag`. A name that comes twice becomes a
 *   list, which no schema of ours takes.
 */
export function decodeQuery(search: URLSearchParams): Readonly<Record<string, unknown>> {
  const query = new Map<string, unknown>();
  const tag = new Map<string, unknown>();
  for (const [name, value] of search) {
    if (name.startsWith(TAG)) gather(tag, name.slice(TAG.length), value);
    else gather(query, name, value);
  }
  if (tag.size > 0) gather(query, "tag", Object.fromEntries(tag));
  return Object.fromEntries(query);
}

const TAG = "tag.";

function gather(members: Map<string, unknown>, name: string, value: unknown): void {
  const known = members.get(name);
  if (Array.isArray(known)) known.push(value);
  else members.set(name, members.has(name) ? [known, value] : value);
}
