import { ProblemError } from "@drover/client";

/** Params as the api takes them. */
export type Params = Readonly<Record<string, unknown>>;

/** What a person gives for a param: one of these stands in the form for every field. */
export type FieldValue = string | boolean;

interface FieldHead {
  readonly name: string;
  readonly label: string;
  /** What the processor's author says about it; empty for nothing. */
  readonly help: string;
  readonly isRequired: boolean;
  /** What the field shows before anybody changed it, which is what the processor takes by itself. */
  readonly initial: FieldValue;
}

/** One param as a form asks for it. */
export type ParamField = FieldHead &
  (
    | { readonly kind: "text"; readonly suggestions: "time_zones" | "none" }
    | {
        readonly kind: "number";
        readonly isWhole: boolean;
        readonly min: number | undefined;
        readonly max: number | undefined;
      }
    | { readonly kind: "choice"; readonly choices: readonly string[] }
    | { readonly kind: "switch" }
    /** One text on each line. */
    | { readonly kind: "lines" }
    /** Whatever has no field of its own, as JSON. */
    | { readonly kind: "json" }
  );

type Schema = Readonly<Record<string, unknown>>;

/** The fields of a form for params of this JSON Schema (2020-12), in its order. */
export function fieldsOf(schema: Schema): readonly ParamField[] {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(members(schema["properties"])).map(([name, value]) =>
    fieldOf(name, members(value), required.includes(name)),
  );
}

function fieldOf(name: string, schema: Schema, isRequired: boolean): ParamField {
  const title = schema["title"];
  const help = schema["description"];
  const head = {
    name,
    label: typeof title === "string" ? title : humanized(name),
    help: typeof help === "string" ? help : "",
    isRequired,
  };
  const initial = schema["default"];
  const text = initial === undefined ? "" : String(initial);
  const choices = schema["enum"];
  if (Array.isArray(choices) && choices.every((choice) => typeof choice === "string"))
    return { ...head, kind: "choice", choices, initial: text };
  switch (schema["type"]) {
    case "boolean":
      return { ...head, kind: "switch", initial: initial === true };
    case "integer":
    case "number":
      return {
        ...{ ...head, kind: "number", initial: text, isWhole: schema["type"] === "integer" },
        ...{ min: boundOf(schema["minimum"]), max: boundOf(schema["maximum"]) },
      };
    case "string":
      return {
        ...{ ...head, kind: "text", initial: text },
        suggestions: schema["format"] === "iana-time-zone" ? "time_zones" : "none",
      };
    case "array":
      if (members(schema["items"])["type"] === "string")
        return { ...head, kind: "lines", initial: Array.isArray(initial) ? initial.join("\n") : "" };
  }
  return { ...head, kind: "json", initial: initial === undefined ? "" : JSON.stringify(initial) };
}

/** `session_gap_minutes` and `sessionGapMinutes` as "Session gap minutes". */
function humanized(name: string): string {
  const words = name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .replaceAll(/[_-]+/g, " ")
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function boundOf(value: unknown): number | undefined {
  // zod writes the bounds of safe integers where the author gave none.
  return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
}

function members(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

/** What a form holds, by the names of its fields; a field that is missing is as it was. */
export type FormValues = Readonly<Record<string, FieldValue>>;

/**
 * The params that a form stands for: of what differs from the processor's own values. What is no number or no
 * JSON goes as the text that it is, so that the server says what is wrong with it.
 */
export function paramsOf(fields: readonly ParamField[], values: FormValues): Params {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = values[field.name];
      if (value === undefined || value === field.initial) return [];
      return [[field.name, sentValue(field, value)]];
    }),
  );
}

function sentValue({ kind }: ParamField, value: FieldValue): unknown {
  if (typeof value === "boolean") return value;
  switch (kind) {
    case "number":
      return value.trim() === "" || Number.isNaN(Number(value)) ? value : Number(value);
    case "lines":
      return value
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "");
    case "json":
      return parsedOr(value);
    default:
      return value;
  }
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a form holds that stands for these params, as when a job is run again. */
export function valuesOf(fields: readonly ParamField[], params: Params): FormValues {
  return Object.fromEntries(
    fields.flatMap(({ name, kind }): (readonly [string, FieldValue])[] => {
      const value = params[name];
      if (value === undefined) return [];
      if (kind === "switch") return [[name, value === true]];
      if (kind === "lines" && Array.isArray(value)) return [[name, value.join("\n")]];
      return [[name, kind === "json" ? JSON.stringify(value) : String(value)]];
    }),
  );
}

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
