import type { z } from "zod";
import type { ProblemCode } from "./problem.js";

/** One way an endpoint answers. Without a schema or a media type the answer has no body. */
export interface Answer {
  readonly description: string;
  /** Shape of the JSON body. */
  readonly schema?: z.ZodType;
  /** Of a body that is bytes, as `application/zip`. */
  readonly mediaType?: string;
  /** Headers that matter, each with what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an endpoint takes as a body. */
export interface RequestBody {
  readonly mediaType: "multipart/form-data" | "application/json";
  readonly schema: z.ZodType;
  readonly isRequired: boolean;
}

/** What endpoints are listed under, each with what it is for. */
export const GROUPS = {
  Jobs: "Submit a file, follow the job, fetch what it made, erase it.",
  Processors: "Which kinds of work there are, and what each takes.",
  Operations: "How the process does, for load balancers and people.",
  "Existing clients": "The endpoints of two clients that were there before; they read the same jobs.",
} as const;

/** One endpoint. A GET answers HEAD as well. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** Template as in OpenAPI: `/api/jobs/{job_id}`. */
  readonly path: string;
  readonly group: keyof typeof GROUPS;
  readonly summary: string;
  /** What the summary leaves open. */
  readonly description: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: RequestBody;
  readonly answers: Readonly<Record<number, Answer>>;
  /** What can be refused, beside `forbidden` (a host or an origin that is not served) and `internal`. */
  readonly errors: readonly ProblemCode[];
}

/** The endpoint's path with the params filled in, each percent-encoded. Throws `TypeError` when one is missing. */
export function pathOf(route: Pick<Route, "path">, params: Readonly<Record<string, string>> = {}): string {
  return route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new TypeError(`${route.path} needs ${name}.`);
    return encodeURIComponent(value);
  });
}
