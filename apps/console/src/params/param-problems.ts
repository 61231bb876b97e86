import { ProblemError } from "@drover/client";

/** What a server says about params, put where a form shows it. */
export interface ParamProblems {
  /** By the field's name; several sentences of one field in their order. */
  readonly byField: ReadonlyMap<string, readonly string[]>;
  /** Of no field in this form. */
  readonly others: readonly string[];
}

/**
 * The problem document of a refused submit or retry by the fields that it names (`params.rules.0.match` is the
 * field `rules`); `undefined` for any other error.
 */
export function paramProblems(error: unknown, fields: readonly string[]): ParamProblems | undefined {
  if (!(error instanceof ProblemError) || error.code !== "invalid_params") return undefined;
  const byField = new Map<string, string[]>();
  const others: string[] = [];
  for (const { path, message } of error.problem.errors ?? []) {
    const [, name = "", ...rest] = path.split(".");
    const sentence = rest.length === 0 ? message : `${rest.join(".")}: ${message}`;
    if (fields.includes(name)) byField.set(name, [...(byField.get(name) ?? []), sentence]);
    else others.push(`${path} ${message}`);
  }
  if (byField.size === 0 && others.length === 0) others.push(error.message);
  return { byField, others };
}
