import type { ErrorDetail } from "@drover/core";
import type { z } from "zod";

const MAX_ISSUES = 20;

/** What a schema refused, as the members of a problem document; at most 20. */
export function issuesOf(error: z.ZodError, prefix?: string): readonly ErrorDetail[] {
  return error.issues.slice(0, MAX_ISSUES).flatMap((issue) => {
    const path = [...(prefix === undefined ? [] : [prefix]), ...issue.path.map(String)];
    if (issue.code !== "unrecognized_keys") return [{ path: path.join("."), message: issue.message }];
    return issue.keys
      .slice(0, MAX_ISSUES)
      .map((key) => ({ path: [...path, key.slice(0, 100)].join("."), message: "is not known" }));
  });
}
