import { ERRORS, type ErrorCode } from "@drover/core";
import { z } from "zod";
import { Problem } from "./problem-document.js";
import { type Answer, GROUPS, type Route } from "./route-parts.js";
import { routes } from "./route-table.js";

type Json = { [key: string]: unknown };

export interface OpenApiOptions {
  /** Of the running software. */
  readonly version: string;
  /** Processors whose params are to be documented. Default none. */
  readonly processors?: readonly {
    readonly name: string;
    readonly description: string;
    readonly params_schema: Readonly<Record<string, unknown>>;
  }[];
}

/** The OpenAPI 3.1 document of the route table, as plain JSON. Schemas with an `id` become components. */
export function openApi(options: OpenApiOptions): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] ?? {}, { [route.method.toLowerCase()]: operation(name, route, schemas) });
  }
  jsonSchema(Problem, schemas); // named by every refusal
  addParams(schemas, options.processors ?? []);
  return {
    openapi: "3.1.0",
    info: {
      title: "Drover",
      version: options.version,
      description: "A durable HTTP job API in front of any file processor.",
      contact: { name: "Whoever runs this server" },
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { api_key: [] }],
    tags: Object.entries(GROUPS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas, securitySchemes: SECURITY_SCHEMES },
  };
}

/** The ways to say who asks. */
const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "An API key, or a JWT of the issuer that the server trusts.",
  },
  api_key: { type: "apiKey", in: "header", name: "X-API-Key", description: "An API key." },
  job_token: { type: "apiKey", in: "query", name: "token", description: "A token of this job." },
} satisfies Json;

/** What a route needs, where that is not what most of them do. */
function securityOf({ access, takesJobToken }: Route): Json {
  if (access === "anyone") return { security: [] };
  return takesJobToken === true ? { security: [{ bearer: [] }, { api_key: [] }, { job_token: [] }] } : {};
}

/** Each processor's schema as a component, and all of them as what `Params` may be. */
function addParams(schemas: Json, processors: NonNullable<OpenApiOptions["processors"]>): void {
  for (const { name, params_schema } of processors) {
    const { $schema: _, ...schema } = params_schema;
    const own = `#/components/schemas/params.${name}`;
    const placed = withRefs(schema, (ref) => (ref.startsWith("#") ? own + ref.slice(1) : ref)) as Json;
    schemas[`params.${name}`] = { description: `Params of ${name}.`, ...placed };
  }
  const anyOf = processors.map(({ name }) => ({ $ref: `#/components/schemas/params.${name}` }));
  if (anyOf.length > 0) schemas["Params"] = { ...(schemas["Params"] as Json), anyOf };
}

function operation(name: string, route: Route, schemas: Json): Json {
  return {
    operationId: name,
    tags: [route.group],
    summary: route.summary,
    description: route.description,
    ...securityOf(route),
    parameters: [
      ...parameters("path", route.params, schemas),
      ...parameters("query", route.query, schemas),
      ...parameters("header", route.headers, schemas),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.body.isRequired,
            content: { [route.body.mediaType]: { schema: jsonSchema(route.body.schema, schemas) } },
          },
        }),
    responses: { ...answers(route, schemas), ...refusals(route) },
  };
}

function parameters(
  place: "path" | "query" | "header",
  object: z.ZodObject | undefined,
  schemas: Json,
): Json[] {
  if (object === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(object, schemas) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
    // A map in a query is exploded: its keys become names of their own.
    ...(schema["type"] === "object" ? { style: "form", explode: true } : {}),
  }));
}

function answers(route: Route, schemas: Json): Json {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => [status, response(answer, schemas)]),
  );
}

function response(answer: Answer, schemas: Json): Json {
  const headers = Object.entries(answer.headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: "string" } },
  ]);
  const content =
    answer.schema !== undefined
      ? { "application/json": { schema: jsonSchema(answer.schema, schemas) } }
      : answer.mediaType !== undefined
        ? { [answer.mediaType]: {} }
        : undefined;
  return {
    description: answer.description,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...(content === undefined ? {} : { content }),
  };
}

/** What a request to any route can be refused for. */
const OF_EVERY_ROUTE = ["invalid_request", "forbidden", "headers_too_large", "internal"] as const;

/**
 * Refusals by status, each naming its codes; a status that is also an answer (readiness) keeps the answer.
 */
function refusals(route: Route): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  const ofAccess: readonly ErrorCode[] =
    route.access === "anyone" ? [] : ["unauthorized", "rate_limited", "issuer_unavailable"];
  for (const code of new Set<ErrorCode>([...route.errors, ...OF_EVERY_ROUTE, ...ofAccess])) {
    const status = ERRORS[code].status;
    if (status in route.answers) continue;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(", "),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}

/** The JSON Schema of what a client sends or reads, with named schemas moved to the components. */
function jsonSchema(schema: z.ZodType, schemas: Json): Json {
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

function withRefs(value: unknown, move: (ref: string) => string): unknown {
  if (Array.isArray(value)) return value.map((part) => withRefs(part, move));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === "$ref" && typeof part === "string" ? move(part) : withRefs(part, move),
    ]),
  );
}
