import { z } from "zod";

/** Plain JSON. */
export type Json = { [key: string]: unknown };

/**
 * The JSON Schema of what a client sends or reads. Schemas with an `id` are moved to `schemas`, the document's
 * components, and referred to.
 */
export function jsonSchema(schema: z.ZodType, schemas: Json): Json {
  // `input` leaves objects open: a newer server may answer more members than a client knows.
  const {
    $schema: _,
    $defs = {},
    id,
    ...rest
  } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => simplify(jsonSchema),
  }) as Json & { $defs?: Json };
  for (const [name, part] of Object.entries($defs)) schemas[name] = withComponentRefs(dropId(part as Json));
  const own = withComponentRefs(rest) as Json;
  if (typeof id !== "string") return own;
  schemas[id] = own;
  return { $ref: `#/components/schemas/${id}` };
}

/** Drops what says nothing to a reader: the pattern of a date-time, the bounds of JavaScript's integers. */
function simplify(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format === "date-time") delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

function dropId({ id: _, ...schema }: Json): Json {
  return schema;
}

function withComponentRefs(value: unknown): unknown {
  return withRefs(value, (ref) => ref.replace("#/$defs/", "#/components/schemas/"));
}

/** The value with every `$ref` in it moved. */
export function withRefs(value: unknown, move: (ref: string) => string): unknown {
  if (Array.isArray(value)) return value.map((part) => withRefs(part, move));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === "$ref" && typeof part === "string" ? move(part) : withRefs(part, move),
    ]),
  );
}
