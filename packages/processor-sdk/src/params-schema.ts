import { z } from "zod";

/** What the api checks of `format`. */
const FORMATS = [
  "date",
  "date-time",
  "duration",
  "email",
  "hostname",
  "iana-time-zone",
  "ipv4",
  "ipv6",
  "regex",
  "time",
  "uri",
  "uuid",
];

/** Members of a `.meta()` that are for people: they check nothing. */
const ANNOTATIONS = ["id", "title", "description", "examples", "default", "deprecated", "$comment"];

/**
 * The params as JSON Schema (2020-12), as a client sends them. The api knows them by it alone, so that
 * whatever it cannot say would pass upload and fail in the job: a schema that it cannot say is refused, and
 * so is a check of one's own (`refine`) without a `.meta()` that either says the same in keywords of JSON
 * Schema, or says `checkedInRun: true`.
 * @throws `TypeError` naming the processor and the params.
 */
export function jsonSchemaOf(processor: string, params: z.ZodType): Readonly<Record<string, unknown>> {
  const checked = new Set<string>();
  // Each step of a chain (refine, meta, optional) is a schema of its own at the same place.
  const told = new Set<string>();
  const schema = toJsonSchema(processor, params, (zodSchema, path) => {
    if (hasOwnCheck(zodSchema)) checked.add(nameOf(path));
    if (isTold(zodSchema)) told.add(nameOf(path));
  });
  const untold = [...checked].filter((name) => !told.has(name));
  if (untold.length > 0) {
    throw new TypeError(
      `Processor ${processor}: ${untold.join(", ")}: a check made with refine() or the like does not ` +
        "reach the api, which would take at upload what fails in the job. " +
        "Use what JSON Schema can say (enum, regex, min, max), or say it after the check: " +
        `.meta({ pattern: "…" }), .meta({ format: "…" }) (checked are ${FORMATS.join(", ")}), ` +
        "or .meta({ checkedInRun: true }) to let the job fail with input_invalid.",
    );
  }
  if (schema["type"] !== undefined && schema["type"] !== "object") {
    throw new TypeError(
      `Processor ${processor}: params is an object, as z.strictObject({ … }); its schema says ` +
        `${JSON.stringify(schema["type"])}.`,
    );
  }
  return schema;
}

function toJsonSchema(
  processor: string,
  params: z.ZodType,
  onSchema: (schema: z.core.$ZodType, path: readonly PropertyKey[]) => void,
): Record<string, unknown> {
  try {
    return z.toJSONSchema(params, {
      io: "input",
      override: ({ zodSchema, path }) => onSchema(zodSchema, path),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `Processor ${processor}: params cannot be told to the api as JSON Schema: ${reason}. Take what ` +
        "JSON knows: text, numbers, booleans, lists, objects.",
      { cause },
    );
  }
}

/** Made by `refine`, `superRefine`, `check`, or `stringFormat` with a function. */
function hasOwnCheck(schema: z.core.$ZodType): boolean {
  const { checks = [] } = schema._zod.def;
  const isOwnFormat = schema instanceof z.ZodCustomStringFormat && schema._zod.def.pattern === undefined;
  return isOwnFormat || checks.some((check) => check._zod.def.check === "custom");
}

function isTold(schema: z.core.$ZodType): boolean {
  const meta: Readonly<Record<string, unknown>> = z.globalRegistry.get(schema) ?? {};
  return Object.entries(meta).some(([name, value]) => {
    if (name === "checkedInRun") return value === true;
    return name === "format" ? FORMATS.includes(String(value)) : !ANNOTATIONS.includes(name);
  });
}

/** `params.rules.items` for a path of the JSON Schema. */
function nameOf(path: readonly PropertyKey[]): string {
  return ["params", ...path.map(String).filter((part) => part !== "properties")].join(".");
}
