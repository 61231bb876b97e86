import { ERRORS, type ErrorCode } from "@drover/core";
import type { Json } from "./component-schemas.js";
import { exampleOf } from "./problem-examples.js";
import type { Route } from "./route-parts.js";

/** What a request to any route can be refused for. */
const OF_EVERY_ROUTE = ["invalid_request", "forbidden", "headers_too_large", "internal"] as const;

/**
 * A route's refusals by status, each with its codes and an example of each code; a status that is also an answer
 * (readiness) keeps the answer.
 */
export function refusals(route: Route): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  const ofAccess: readonly ErrorCode[] =
    route.access === "anyone" ? [] : ["unauthorized", "rate_limited", "issuer_unavailable"];
  for (const code of new Set<ErrorCode>([...route.errors, ...OF_EVERY_ROUTE, ...ofAccess])) {
    const status = ERRORS[code].status;
    if (status in route.answers) continue;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, refusal(codes)]));
}

function refusal(codes: readonly ErrorCode[]): Json {
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]);
  return {
    description: codes.map((code) => `\`${code}\``).join(", "),
    content: {
      "application/problem+json": {
        schema: { $ref: "#/components/schemas/Problem" },
        examples: Object.fromEntries(examples),
      },
    },
  };
}

/** The examples that refusals refer to: a problem document for each code that a response of the paths names. */
export function problemExamples(paths: Json): Json {
  const text = JSON.stringify(paths);
  const named = (Object.keys(ERRORS) as ErrorCode[]).filter((code) =>
    text.includes(`"#/components/examples/${code}"`),
  );
  return Object.fromEntries(
    named.map((code) => [code, { summary: ERRORS[code].title, value: exampleOf(code) }]),
  );
}
